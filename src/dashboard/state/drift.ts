import { readdir, stat } from 'node:fs/promises';
import type { Home } from '../../lake/home.ts';
import { readManifest, referTo } from '../../lake/artifacts.ts';
import { unlessGone } from '../../lake/storage-failure.ts';
import type { DriftDocument } from '../../monitoring/drift/document.ts';
import { readDrift } from '../../monitoring/drift/report.ts';

const LOOKS_SHOWN = 12;
/** Of other models there may be many; beyond these nobody looks. */
const MOST_READ = 200;
const FINDINGS_SHOWN = 12;

export interface DriftLook {
  version: number;
  asOf: string;
  windowDays: number;
  findings: string[];
  /** Percent. */
  regions: { region: string; mape: number | null; baselineMape: number | null; naiveMape: number | null }[];
}

/** How a model was looked at for drift, the moments looked at in order, the newest last. */
export async function driftLooks(home: Home, model: string): Promise<DriftLook[]> {
  const folder = home.path('manifests/drift');
  const names = await readdir(folder).catch(unlessGone<string[]>(folder, []));
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(home.path('manifests/drift', name))).mtimeMs })),
  );
  const looks: DriftLook[] = [];
  for (const { name } of dated.toSorted((a, b) => b.at - a.at).slice(0, MOST_READ)) {
    const reference = await referTo(home, `manifests/drift/${name}`);
    const manifest = await readManifest(home, reference, 'drift');
    if (manifest.details['name'] !== model) continue;
    looks.push(lookOf((await readDrift(home, manifest)).document));
    if (looks.length === LOOKS_SHOWN) break;
  }
  return looks.sort((a, b) => (a.asOf < b.asOf ? -1 : 1));
}

function lookOf({ model, asOf, windowDays, findings, regions }: DriftDocument): DriftLook {
  const percent = (share: number | undefined) => (share === undefined ? null : 100 * share);
  return {
    ...{ version: model.version, asOf, windowDays },
    findings: findings.slice(0, FINDINGS_SHOWN).map(({ what }) => what),
    regions: regions.map(({ region, performance }) => ({
      region,
      mape: percent(performance?.mape),
      baselineMape: percent(performance?.baselineMape),
      naiveMape: percent(performance?.naiveMape),
    })),
  };
}
