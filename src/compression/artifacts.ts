import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import type { CompressionRecord } from '../contracts/compression.ts';
import { TRANSFORMER } from '../forecasters/transformer-weights.ts';
import { onceByKey, writeContent } from '../lake/artifacts.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import type { Candidate, Taught } from './candidate.ts';
import type { Comparison } from './gate.ts';
import type { Found, Parent } from './parent.ts';

/** Raised when the same settings would make another network of the same one. */
const STAGE_VERSION = 1;

/** What is to be registered: what answers, and what is scored in its place where the two differ. */
export interface Written {
  model: ArtifactReference;
  scored: ArtifactReference;
}

/**
 * The training and the forecasters with the smaller network in them, all else as the parent's have it. Their manifests
 * name those of the parent among their inputs.
 */
export async function writeSmaller(
  home: Home,
  parent: Parent,
  candidate: Candidate,
  compression: CompressionRecord,
  comparisons: readonly Comparison[],
): Promise<Written> {
  const bytes = candidate.training.file.length * (1 + candidate.forecasters.length);
  await home.requireFreeSpace(bytes, 'The smaller network');
  const said = plain({ compression, judgedOnValidation: comparisons });
  const work = { stage: 'compress', version: STAGE_VERSION, settings: { ...compression } };
  const { sequences, training } = parent;
  const { reference: network } = await onceByKey(
    home,
    { ...work, kind: 'training', inputs: [sequences.reference, training.reference] },
    async (key) => ({
      files: await filesWith(home, training, `training/${key}`, {
        weights: { bytes: candidate.training.file, extension: 'safetensors' },
        ...historyOf(candidate.taught),
      }),
      rows: candidate.taught?.steps ?? training.manifest.rows,
      details: { ...training.manifest.details, ...trainingFacts(candidate), ...said },
    }),
  );
  const written: ArtifactReference[] = [];
  for (const [i, own] of parent.forecasters.entries()) {
    const { reference } = await onceByKey(
      home,
      {
        ...{ ...work, kind: 'forecaster' },
        // What was scored before what it is the refit of: so a registration knows it.
        inputs: [sequences.reference, network, ...written, own.reference],
      },
      async (key) => ({
        files: await filesWith(home, own, `forecasters/${key}`, {
          [TRANSFORMER]: { bytes: candidate.forecasters[i]!.file, extension: 'bin' },
        }),
        rows: own.manifest.rows,
        details: { ...own.manifest.details, ...said },
      }),
    );
    written.push(reference);
  }
  return { model: written.at(-1) ?? network, scored: written[0] ?? network };
}

type NewFiles = Record<string, { bytes: Uint8Array; extension: string }>;

async function filesWith(
  home: Home,
  { manifest: { files } }: Found,
  folder: string,
  given: NewFiles,
): Promise<Manifest['files']> {
  const own: Manifest['files'] = [];
  for (const [role, { bytes, extension }] of Object.entries(given)) {
    own.push({ ...(await writeContent(home, folder, extension, bytes)), role });
  }
  return [...own, ...files.filter(({ role }) => role === undefined || !Object.hasOwn(given, role))];
}

/** The loss curve of what was taught in place of the parent's. */
const historyOf = (taught: Taught | undefined): NewFiles =>
  taught ? { history: { bytes: Buffer.from(`${canonicalJson(taught.history)}\n`), extension: 'json' } } : {};

/** What a training says of itself that is another's for a network that was taught. */
function trainingFacts({ config, taught }: Candidate): Manifest['details'] {
  if (!taught) return {};
  const last = taught.history.slice(-20);
  return plain({
    model: config,
    steps: taught.steps,
    seconds: taught.seconds,
    finalLoss: last.reduce((sum, { loss }) => sum + loss, 0) / last.length,
    ringSize: 1,
  });
}

const plain = (value: object) => JSON.parse(canonicalJson(value)) as Manifest['details'];
