import type { ArtifactKind, ArtifactReference } from '../contracts/artifact.ts';
import { BadInputError, MissingDataError } from '../errors.ts';
import { readManifest, referTo } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { newestManifest } from '../lake/newest-manifest.ts';

const MADE_BY: Record<ArtifactKind, string> = {
  grid: 'ingest',
  validated: 'validate',
  features: 'features',
  sequences: 'sequences',
  training: 'train',
  forecaster: 'fit',
  backtest: 'backtest',
  comparison: 'schedules trigger',
  forecast: 'forecast',
  explanation: 'explain',
  predictions: 'backtest --rolling',
  search: 'search',
  series: 'train --csv',
  'series-model': 'train --csv',
  'series-backtest': 'train --csv',
  drift: 'drift',
};

/** The dataset a person names, or the newest one of the kind, of those that serve where there are such. */
export async function resolveDataset(
  home: Home,
  kind: ArtifactKind,
  uri: string | undefined,
  serves: (details: Record<string, unknown>) => boolean = () => true,
): Promise<ArtifactReference> {
  const reference = await (uri === undefined ? newest(home, kind, serves) : named(home, uri));
  const { rows } = await readManifest(home, reference, kind);
  return { ...reference, rows };
}

async function named(home: Home, uri: string): Promise<ArtifactReference> {
  home.pathOf({ uri });
  return referTo(home, uri).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'EISDIR') throw error;
    throw new BadInputError(
      `There is no dataset ${uri} in ${home.root}.`,
      'Give a manifest of the home, such as manifests/grid/0123456789abcdef.json.',
    );
  });
}

async function newest(
  home: Home,
  kind: ArtifactKind,
  serves: (details: Record<string, unknown>) => boolean,
): Promise<ArtifactReference> {
  const found = await newestManifest(home, kind, serves);
  if (found) return found.reference;
  throw new MissingDataError(
    `There is no ${kind} dataset in ${home.root}.`,
    `Make one with \`${MADE_BY[kind]}\`, or with \`run\` the whole chain.`,
  );
}
