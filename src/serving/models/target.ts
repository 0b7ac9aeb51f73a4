import { readdir } from 'node:fs/promises';
import type { Home } from '../../lake/home.ts';
import { unlessGone } from '../../lake/storage-failure.ts';
import { versionNumbers } from '../../registry/layout.ts';
import type { ModelConfig, VersionPolicy } from '../model-config.ts';
import { versionsOf, type TrafficState, type Wanted } from '../traffic/state.ts';

/** What of a model shall be loaded, and what its names shall lead to: made anew whenever files change. */
export interface ModelTarget {
  config: ModelConfig;
  /** Ascending. */
  versions: readonly number[];
  labels: ReadonlyMap<string, number>;
  /** Who answers whoever names neither version nor label, where the registry says so. */
  traffic?: TrafficState;
  /** Versions of other registered models, which a running A/B test deals. */
  beside: readonly Wanted[];
}

/** `traffic`: of a registered model, as its files have it now. */
export async function targetOf(
  home: Home,
  config: ModelConfig,
  traffic: TrafficState | undefined,
): Promise<ModelTarget> {
  const { source, policy } = config;
  const there =
    source.kind === 'folder' ? await numberedFolders(source.path) : await versionNumbers(home, source.model);
  const answering = traffic ? versionsOf(traffic) : [];
  const own = answering.filter(({ model }) => source.kind === 'registry' && model === source.model);
  const chosen = chosenBy(
    policy,
    there,
    own.map(({ version }) => version),
  );
  const labels = config.labels ?? labelsOf(traffic);
  return {
    config,
    versions: [...new Set(chosen)].toSorted((a, b) => a - b),
    labels: new Map([...labels].filter(([, version]) => config.labels || chosen.includes(version))),
    ...(traffic ? { traffic } : {}),
    beside: answering.filter((wanted) => !own.includes(wanted)),
  };
}

/** What tells one target from another; of who answers the generations do. */
export function printOf({ config, versions, labels, traffic, beside }: ModelTarget): unknown {
  const { champion, canary, test, shadow } = traffic ?? {};
  const champions = champion?.version;
  return [config.name, config.source, versions, [...labels], champions, canary, test?.config, shadow, beside];
}

/** Of a label that leads to a version that is not wanted, in TensorFlow Serving's words. */
export function labelProblem(targets: readonly ModelTarget[]): string | undefined {
  for (const { config, labels, versions } of targets) {
    for (const [label, version] of labels) {
      if (versions.includes(version)) continue;
      return `Request to assign label to version ${version} of model ${config.name}, which is not currently available for inference (${label})`;
    }
  }
  return undefined;
}

/** A named version that is not there is wanted all the same: its status then says so. */
function chosenBy(
  policy: VersionPolicy,
  there: readonly number[],
  answering: readonly number[],
): readonly number[] {
  switch (policy.kind) {
    case 'latest':
      return there.slice(-policy.count);
    case 'all':
      return there;
    case 'specific':
      return policy.versions;
    case 'answering':
      return answering;
  }
}

function labelsOf(traffic: TrafficState | undefined): Map<string, number> {
  const labels = new Map<string, number>();
  if (traffic?.champion) labels.set('stable', traffic.champion.version);
  if (traffic?.canary) labels.set('canary', traffic.canary.version);
  return labels;
}

async function numberedFolders(path: string): Promise<number[]> {
  const names = await readdir(path).catch(unlessGone<string[]>(path, []));
  return names
    .filter((name) => /^\d{1,15}$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b);
}
