import { availableParallelism } from 'node:os';
import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import {
  fitForecasterInput,
  type FitForecasterInput,
  type FitForecasterResult,
} from '../contracts/forecasters.ts';
import { firstHourOf, lastHourOf } from '../contracts/time.ts';
import { detailsOf } from '../backtest/dataset.ts';
import { firstIssueFrom, issuesOf, type IssueTable } from '../day-ahead/issue-table.ts';
import { issueDetailsOf, readIssueTable } from '../day-ahead/read.ts';
import { BadInputError, MissingDataError } from '../errors.ts';
import { onceByKey, readArtifact, readManifest, writeContent } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import type { StageContext } from '../stages/context.ts';
import { PUBLICATION_DELAY } from './cells.ts';
import type { EnsembleDetails } from './ensemble/details.ts';
import { fitEnsemble } from './ensemble/ensemble.ts';
import { FittedEnsemble } from './ensemble/fitted-ensemble.ts';
import { forecasterDetailsOf } from './load.ts';
import { openMembers } from './open.ts';
import { FitThreads } from './parts/threads.ts';
import { summaryOf, type Found } from '../search/found.ts';

/** Raised when the same settings and inputs would give another fit. */
const STAGE_VERSION = 3;
const DAY = 86_400;
/** Of trees and the rest, a region. */
const BYTES_PER_REGION = 8 * 2 ** 20;

/**
 * Fits what forecasts: the members and their ensemble, on the issues of a sequences dataset whose outcome was known
 * when its training period ended. Writes a forecaster manifest: a file a member (its role is the member's name) and
 * `ensemble` for weights and calibration.
 */
export async function fitForecaster(
  context: StageContext,
  raw: FitForecasterInput,
): Promise<FitForecasterResult> {
  const { home, signal } = context;
  const { sequences, training, refitOf, search, ...settings } = fitForecasterInput.parse(raw);
  const work = {
    kind: 'forecaster' as const,
    stage: 'fitForecaster',
    version: STAGE_VERSION,
    settings,
    inputs: [sequences, ...[training, refitOf, search].filter((input) => input !== undefined)],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const cut = await readManifest(home, sequences, 'sequences');
    if (training) await requireTrainedOn(home, training, sequences);
    const { train } = detailsOf(cut);
    const knownBy = lastHourOf(settings.through ?? train.to) + PUBLICATION_DELAY;
    const from = Math.max(firstHourOf(train.from), knownBy - (settings.trainDays ?? Infinity) * DAY);
    const data = { tables: await tablesOf(home, cut, { from, to: knownBy }), knownBy };
    await using opened = await openMembers(home, raw);
    await using threads = new FitThreads(context.config.threads ?? availableParallelism(), {
      kernel: context.config.kernel,
    });
    const { members, trainedBy, found } = opened;
    if (found && found.knows > knownBy) throw searchedLater(found, settings.through ?? train.to);
    await home.requireFreeSpace(data.tables.length * BYTES_PER_REGION, 'The fit');
    const fit = refitOf ? await refitFrom(home, refitOf) : fitEnsemble;
    const fitted = await fit(
      data,
      { members, validationDays: settings.validationDays, validationFrom: trainedBy },
      {
        seed: settings.seed,
        signal,
        threads,
        progress: (done) =>
          context.progress({ stage: 'fit', done: Math.round(100 * done), total: 100, unit: '%' }),
      },
    );
    const files: Manifest['files'] = [];
    for (const [role, bytes] of fitted.files()) {
      files.push({ ...(await writeContent(home, `forecasters/${key}`, 'bin', bytes)), role });
    }
    return {
      files,
      rows: data.tables.reduce((sum, { issuedAt }) => sum + issuedAt.length, 0),
      details: JSON.parse(
        JSON.stringify({
          ensemble: fitted.details,
          issues: issueDetailsOf(cut),
          ...(found && search && { search: summaryOf(found, search, fitted.details.members) }),
        }),
      ),
    };
  });
  return { dataset: reference, reused, facts: factsOf(forecasterDetailsOf(manifest).ensemble) };
}

/** The weights of a forecaster over members that learn anew, in place of weighing them again. */
async function refitFrom(home: Home, reference: ArtifactReference): Promise<typeof fitEnsemble> {
  const { files } = await readManifest(home, reference, 'forecaster');
  const contents = new Map<string, Uint8Array>();
  for (const file of files) if (file.role) contents.set(file.role, await readArtifact(home, file));
  return (data, { members }, context) => FittedEnsemble.of(contents, members).refit(data, context);
}

/** Every region's issues up to the moment of the fit. */
async function tablesOf(
  home: Home,
  sequences: Manifest,
  { from, to }: { from: number; to: number },
): Promise<IssueTable[]> {
  const regions = sequences.files.flatMap(({ role, region }) =>
    role === 'region' && region ? [region] : [],
  );
  const tables: IssueTable[] = [];
  for (const region of regions) {
    const table = await readIssueTable(home, sequences, region);
    const range = { from: firstIssueFrom(table, from), to: firstIssueFrom(table, to) };
    if (range.to <= range.from) {
      throw new MissingDataError(
        `${region} has no issue in the training period.`,
        'Cut the sequences with a longer one.',
      );
    }
    tables.push(issuesOf(table, range));
  }
  return tables;
}

async function requireTrainedOn(
  home: Home,
  training: ArtifactReference,
  sequences: ArtifactReference,
): Promise<void> {
  const { inputs } = await readManifest(home, training, 'training');
  if (inputs.some(({ sha256 }) => sha256 === sequences.sha256)) return;
  throw new BadInputError(
    `The training ${training.uri} is of other sequences than ${sequences.uri}.`,
    'Give the sequences that it was trained on.',
  );
}

/** Such settings would know of hours that a backtest of this fit may score. */
const searchedLater = ({ name, validation }: Found, through: string) =>
  new BadInputError(
    `The search ${name} chose its settings on ${validation.from} to ${validation.to}, later than the last day to learn from (${through}).`,
    'Learn from all days that it was validated on, or search on earlier ones.',
  );

function factsOf({ regions, weights, scores }: EnsembleDetails): FitForecasterResult['facts'] {
  const rounded = (value: number) => Number(value.toFixed(2));
  return Object.fromEntries(
    regions.flatMap((region) => {
      const parts = Object.entries(weights[region]!).filter(([, weight]) => weight >= 0.005);
      const mape = scores[region]!.ensemble;
      return [
        [`${region} validation MAPE %`, mape === null ? null : rounded(mape)],
        [`${region} weights`, parts.map(([name, weight]) => `${name} ${rounded(weight)}`).join(', ')],
      ];
    }),
  );
}
