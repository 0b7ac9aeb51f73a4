import type { Manifest } from '../contracts/artifact.ts';
import {
  explainInput,
  type ColumnChange,
  type ExplainInput,
  type ExplainResult,
  type Explanation,
  type OneForecast,
  type RegionExplanation,
} from '../contracts/explain.ts';
import { regionCode } from '../contracts/regions.ts';
import { dateRange, firstHourOf, lastHourOf, toHourStamp, type DateRange } from '../contracts/time.ts';
import { issuesOf, type IssueRange, type IssueTable } from '../day-ahead/issue-table.ts';
import { readIssueTable } from '../day-ahead/read.ts';
import { BadInputError, MissingDataError } from '../errors.ts';
import { issuesKnownBy, PUBLICATION_DELAY } from '../forecasters/cells.ts';
import { TRANSFORMER } from '../forecasters/transformer-weights.ts';
import { onceByKey, readManifest, writeContent } from '../lake/artifacts.ts';
import { canonicalJson } from '../lake/canonical.ts';
import { issuesWithin } from '../sequences/issue-tables.ts';
import type { StageContext } from '../stages/context.ts';
import { attentionByLag } from './attention-by-lag.ts';
import { readExplanation } from './document.ts';
import { exampleChange, peakIssue } from './example.ts';
import { importanceOf } from './importance.ts';
import { movedBy } from './moved-by.ts';
import { issueAt, oneForecast } from './one-forecast.ts';
import { choose, openSubject, type Chosen, type Subject } from './subject.ts';

/** Raised when the same forecaster would be explained differently. */
const STAGE_VERSION = 2;

/**
 * Says why a forecaster forecasts what it does. Of a period: what each group of inputs is worth, which past hours its
 * network looks at, and the day of the highest demand as an example. Of one forecast (`issuedAt`): what moved it, and where the network looked. With `whatIf`: what it
 * would be if some of its inputs were others. Done once for the same question.
 */
export async function explain(context: StageContext, raw: ExplainInput): Promise<ExplainResult> {
  const { home } = context;
  const input = explainInput.parse(raw);
  const chosen = await choose(home, input);
  const { name: _name, version: _version, manifest: _manifest, ...settings } = input;
  const work = {
    kind: 'explanation' as const,
    stage: 'explain',
    version: STAGE_VERSION,
    settings,
    inputs: [chosen.reference],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const found = await explainChosen(context, input, chosen);
    const file = await writeContent(home, `explanations/${key}`, 'json', `${canonicalJson(found)}\n`);
    const { forecaster, members, regions } = found;
    return {
      files: [{ ...file, role: 'explanation' }],
      rows: regions.length,
      details: { forecaster, members, regions: regions.map(({ region }) => region) },
    };
  });
  return { dataset: reference, reused, facts: factsOf(await readExplanation(home, manifest)) };
}

async function explainChosen(
  context: StageContext,
  input: ExplainInput,
  chosen: Chosen,
): Promise<Explanation> {
  const { home, signal } = context;
  const sequences = await readManifest(home, chosen.sequences, 'sequences');
  await using subject = await openSubject(home, chosen);
  const regions = regionsOf(subject, input);
  const result: RegionExplanation[] = [];
  for (const [r, region] of regions.entries()) {
    signal.throwIfAborted();
    const tell = (part: string) => (done: number) =>
      context.progress({
        ...{ stage: 'explain', unit: '%', note: `${region}, ${part}` },
        ...{ done: Math.round((100 * (r + done)) / regions.length), total: 100 },
      });
    const whole = await readIssueTable(home, sequences, region);
    const one = input.issuedAt !== undefined || input.whatIf.length > 0;
    const told: Told = one
      ? await explainOne(subject, whole, input, signal)
      : await explainPeriod(subject, whole, periodOf(whole, subject, sequences, input), {
          ...{ input, signal, tell },
        });
    result.push({ region: regionCode.parse(region), ...told });
  }
  const members = subject.members.map(({ fitted }) => fitted.name);
  return { formatVersion: 1, forecaster: subject.name, members, regions: result };
}

type Told = Omit<RegionExplanation, 'region'>;

async function explainPeriod(
  subject: Subject,
  whole: IssueTable,
  range: IssueRange,
  {
    input: { repeats, seed, groups },
    signal,
    tell,
  }: { input: ExplainInput; signal: AbortSignal; tell: (part: string) => (done: number) => void },
): Promise<Told> {
  const table = issuesOf(whole, range);
  const network = networkIn(subject, table.region);
  const channels = network?.trained.model.channels.length;
  const [groupsTold, attentionTold] = [tell('groups of inputs'), tell('past hours')];
  const options = { repeats, seed, groups, channels, signal };
  const progress = (done: number) => groupsTold(0.8 * done);
  const importance = await importanceOf(table, subject, { ...options, progress });
  const peak = range.from + peakIssue(table);
  const whatIf = exampleChange(whole, peak);
  const forecast = await forecastOf(subject, whole, peak, { whatIf, seed, groups, signal });
  if (!network) return { importance, forecast };
  const { trained, source } = network;
  const looked = { signal, progress: (done: number) => attentionTold(0.8 + 0.2 * done) };
  return { importance, forecast, attention: await attentionByLag(trained, source, table, looked) };
}

async function explainOne(
  subject: Subject,
  whole: IssueTable,
  { issuedAt, whatIf, seed, groups }: ExplainInput,
  signal: AbortSignal,
): Promise<Told> {
  const issue = issueAt(whole, issuedAt);
  const forecast = await forecastOf(subject, whole, issue, { whatIf, seed, groups, signal });
  const network = networkIn(subject, whole.region);
  if (!network) return { forecast };
  const alone = issuesOf(whole, { from: issue, to: issue + 1 });
  return { forecast, attention: await attentionByLag(network.trained, network.source, alone, { signal }) };
}

async function forecastOf(
  subject: Subject,
  whole: IssueTable,
  issue: number,
  {
    whatIf,
    ...options
  }: { whatIf: readonly ColumnChange[]; signal: AbortSignal } & Pick<ExplainInput, 'seed' | 'groups'>,
): Promise<OneForecast> {
  const { fitted, knownBy } = subject;
  const seen = issuesOf(whole, { from: 0, to: issuesKnownBy(whole, knownBy) });
  const forecast = await oneForecast(fitted, whole, issue, { whatIf, seen });
  const channels = networkIn(subject, whole.region)?.trained.model.channels.length;
  return { ...forecast, movedBy: await movedBy(whole, issue, subject, { ...options, channels }) };
}

/** The network, where the region's forecast listens to it. */
const networkIn = ({ network, members }: Subject, region: string) =>
  members.some(({ fitted, weightIn }) => fitted.name === TRANSFORMER && weightIn(region) > 0)
    ? network
    : undefined;

function regionsOf(subject: Subject, { regions }: ExplainInput): readonly string[] {
  const strange = regions?.find((region) => !subject.regions.includes(region));
  if (strange === undefined) return regions ?? subject.regions;
  throw new BadInputError(
    `The forecaster does not know ${strange}.`,
    `It was fitted on ${subject.regions.join(', ')}: explain these.`,
  );
}

/** The issues to explain, none of which the forecaster has learnt from: it knows the answers of those. */
function periodOf(
  table: IssueTable,
  { knownBy }: Subject,
  sequences: Manifest,
  { period }: ExplainInput,
): IssueRange {
  const asked: DateRange = period ?? dateRange.parse(sequences.details['score']);
  if (firstHourOf(asked.from) > lastHourOf(asked.to)) {
    throw new BadInputError(`The period ${asked.from} to ${asked.to} is empty.`, 'Swap its ends.');
  }
  if (firstHourOf(asked.from) + PUBLICATION_DELAY <= knownBy) {
    throw new BadInputError(
      `The forecaster has learnt from what was known by ${toHourStamp(knownBy)}; ${asked.from} to ${asked.to} begins before that.`,
      'Explain hours that it has not seen the outcome of.',
    );
  }
  const { from, to } = issuesWithin(table, asked);
  if (to - from >= 2) return { from, to };
  const last = table.issuedAt.at(-1);
  throw new MissingDataError(
    `${table.region} has ${to > from ? 'one forecast' : 'no forecast'} from ${asked.from} to ${asked.to} to explain; groups are exchanged between several.`,
    last === undefined
      ? 'Cut the sequences over a longer period.'
      : `Its record ends with the forecast of ${toHourStamp(last)}.`,
  );
}

function factsOf({ regions }: Explanation): ExplainResult['facts'] {
  return Object.fromEntries(
    regions.flatMap(({ region, importance, forecast }) => {
      const [first] = importance?.forecasters[0]?.groups ?? [];
      if (first) return [[`${region} rests on`, `${first.group}: +${first.increase.toFixed(2)} points`]];
      const [moved] = forecast?.movedBy ?? [];
      return moved ? [[`${region} moved by`, `${moved.group}: ${moved.change.toFixed(2)} %`]] : [];
    }),
  );
}
