import type { ArtifactReference } from '../contracts/artifact.ts';
import type { SeriesCard, SeriesRegisterInput } from '../contracts/series.ts';
import type { RegisterResult } from '../contracts/stages.ts';
import { readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { withModelLock } from '../registry/lock.ts';
import { copyManifest, placeVersionFolder, requireSubject, writeText } from '../registry/version-folder.ts';
import { wholeRecords } from '../registry/versions.ts';
import type { StageContext } from '../stages/context.ts';
import { seriesCardText } from './card.ts';
import { readScores } from './scores-document.ts';
import { readSeries } from './series-file.ts';
import { spellFrequency } from './times.ts';

/** Registers what forecasts a series as the next version of `name`; the same backtest again gives the same version. */
export async function registerSeries(
  context: StageContext,
  input: SeriesRegisterInput,
): Promise<RegisterResult> {
  const { home } = context;
  return withModelLock(
    home,
    input.name,
    async () => (await versionOf(home, input)) ?? (await place(home, input)),
  );
}

async function versionOf(
  home: Home,
  { name, backtest }: SeriesRegisterInput,
): Promise<RegisterResult | undefined> {
  const found = (await wholeRecords(home, name)).find(
    ({ record }) => record.lineage.backtest.sha256 === backtest.sha256,
  );
  return found && { name, version: found.record.version, sha256: found.sha256, reused: true };
}

async function place(home: Home, { name, backtest }: SeriesRegisterInput): Promise<RegisterResult> {
  await requireSubject(home, name, 'series');
  const scored = await readManifest(home, backtest, 'series-backtest');
  const { plan, scores, chosen, coverage } = await readScores(home, scored);
  const { details } = await readSeries(home, plan.series);
  const { horizon, context, split } = plan;
  const card: SeriesCard = {
    fileSha256: details.fileSha256,
    columns: details.columns,
    frequency: spellFrequency(details.step),
    horizon,
    context,
    split,
    chosen,
    scores,
    coverage,
  };
  const trained = trainedOf(scored.inputs);
  return placeVersionFolder(home, name, async (draft) => {
    const files = await copyManifest(home, scored, draft);
    for (const { kind, reference } of trained) {
      files.push(...(await copyManifest(home, await readManifest(home, reference, kind), draft, `${kind}-`)));
    }
    const text = seriesCardText({ name, version: draft.version }, card, details.repairs);
    files.push(await writeText(draft, 'card-text', 'card.md', text));
    return {
      name,
      version: draft.version,
      createdAt: new Date().toISOString(),
      datasetSha256: plan.series.sha256,
      lineage: {
        ...(trained[0] ? { training: trained[0].reference } : {}),
        backtest,
        series: plan.series,
      },
      series: card,
      sequenceLength: context,
      metrics: [],
      training: {},
      files,
    };
  });
}

const TRAINED = ['series-model', 'training'] as const;

/** The models behind a backtest. */
export function trainedOf(inputs: readonly ArtifactReference[]) {
  return TRAINED.flatMap((kind) =>
    inputs
      .filter(({ uri }) => uri.startsWith(`manifests/${kind}/`))
      .map((reference) => ({ kind, reference })),
  );
}
