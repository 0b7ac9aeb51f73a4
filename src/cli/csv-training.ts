import { Option, type Command } from 'commander';
import {
  seriesPipelineInput,
  seriesSplit,
  type SeriesBacktestResult,
  type SeriesPipelineResult,
  type SeriesProgress,
  type SeriesSplit,
} from '../contracts/series.ts';
import { trainingSettings } from '../contracts/training.ts';
import type { StageProgress } from '../stages/context.ts';
import { BadInputError } from '../errors.ts';
import { integer, list } from './flags.ts';
import { follow } from './follow.ts';
import { checkInput, checkModelName } from './input.ts';
import type { Answer, Session } from './session.ts';
import { callStage } from './stage-call.ts';
import { pairs, table } from './table.ts';
import { withTemporal } from './temporal-session.ts';
import { settingsOf, type TrainingFlags } from './training-flags.ts';

/** `train --csv`: a person's own series, through the same machinery as the grid's. */
export interface CsvFlags extends TrainingFlags {
  csv?: string;
  time?: string;
  target?: string[];
  covariates?: string[];
  freq?: string;
  horizon?: number;
  context?: number;
  split?: string;
  maxGap?: number;
  architectures?: string[];
  model?: string;
  promote?: string;
}

const LISTED: Option[] = [
  new Option('--csv <file>', 'train on a series of your own: a CSV file with a header'),
  new Option('--time <column>', 'csv: the column of times; without a zone they are taken as UTC'),
  new Option('--target <columns>', 'csv: the columns to forecast, comma-separated').argParser(list),
  new Option('--covariates <columns>', 'csv: columns that are known ahead').argParser(list),
  new Option('--freq <step>', 'csv: 1h, 15min, 30min … (default: the commonest step)'),
  new Option('--horizon <rows>', 'csv: rows ahead (default: 96)').argParser(integer),
  new Option('--context <rows>', 'csv: rows looked back on (default: 336)').argParser(integer),
  new Option('--split <parts>', 'csv: "12/4/4 months" of 30 days, or shares such as 0.7/0.1/0.2 (default)'),
  new Option('--max-gap <rows>', 'csv: the longest gap that is interpolated (default: 6)').argParser(integer),
  new Option('--architectures <names>', 'csv: linear, transformer or both (default: both)').argParser(list),
  new Option('--model <name>', 'csv: the name under which the result is registered (default: series)'),
  new Option('--promote <when>', 'csv: if-better (default), always or never'),
];

export function addCsvFlags(command: Command): Command {
  return LISTED.reduce((all, option) => all.addOption(option), command);
}

/** Flags of `--csv` say nothing without it. */
export function requireNoCsvFlags(flags: CsvFlags): void {
  const stray = LISTED.find((option) => flags[option.attributeName() as keyof CsvFlags] !== undefined);
  if (stray)
    throw new BadInputError(`${stray.long} belongs to --csv.`, 'Give the file too, or leave it out.');
}

/** `12/4/4 months` or `0.7/0.1/0.2`. */
export function parseSplit(text: string): SeriesSplit {
  const match = /^([\d.]+)\/([\d.]+)\/([\d.]+)\s*(months?)?$/.exec(text.trim());
  const [train, validation, test] = (match ?? []).slice(1, 4).map(Number);
  const parsed = seriesSplit.safeParse({
    unit: match?.[4] ? 'months' : 'fractions',
    train,
    validation,
    test,
  });
  if (parsed.success) return parsed.data;
  throw new BadInputError(
    `--split ${text} is neither months nor fractions that add up to 1.`,
    'Give one such as --split "12/4/4 months" or --split 0.7/0.1/0.2: training, validation, test.',
  );
}

export async function trainOnCsv(session: Session, flags: CsvFlags & { csv: string }): Promise<Answer> {
  const input = await inputOf(session, flags);
  const { architectures, training, model } = input;
  const slots = architectures.includes('transformer') ? training.ringSize : undefined;
  return withTemporal(session, { purpose: 'train', slots }, async ({ client }) => {
    const [{ startSeries }, { workflowIds }, { seriesProgressQuery }, { activityProgress }] =
      await Promise.all([
        import('../temporal/runs.ts'),
        import('../temporal/names.ts'),
        import('../temporal/messages.ts'),
        import('../temporal/stage-progress.ts'),
      ]);
    const workflowId = workflowIds.series(model);
    const run = await startSeries(client, {
      workflowId,
      input,
      summary: `Forecaster ${model} of a CSV file`,
    });
    if (run.attached) session.say(`${run.workflowId} runs already: following it`);
    const result = await follow(session, run.result, async () => {
      const progress = await run.handle.query(seriesProgressQuery);
      show(session, progress, await activityProgress(client, run.workflowId));
    });
    return { json: result, text: answerText(result) };
  });
}

/** Checks all that can be checked before anything is started: what is wrong with a file is said within seconds. */
async function inputOf(session: Session, flags: CsvFlags & { csv: string }) {
  for (const name of ['time', 'target'] as const) {
    if (flags[name] === undefined || flags[name].length === 0) {
      throw new BadInputError(
        `--csv needs --${name}.`,
        `Name the column: --${name} ${name === 'time' ? 'date' : 'load'}.`,
      );
    }
  }
  const home = await session.home();
  const [{ copyIn }, { checkPlan }, { requireSubject }] = await Promise.all([
    import('../series/copy-in.ts'),
    import('../series/check-plan.ts'),
    import('../registry/version-folder.ts'),
  ]);
  const given = {
    time: flags.time,
    targets: flags.target,
    covariates: flags.covariates,
    frequency: flags.freq,
    maxGap: flags.maxGap,
    horizon: flags.horizon,
    context: flags.context,
    split: flags.split === undefined ? undefined : parseSplit(flags.split),
    architectures: flags.architectures,
    model: checkModelName(flags.model),
    promote: flags.promote,
    training: checkInput(trainingSettings, settingsOf(flags)),
  };
  const fields = checkInput(seriesPipelineInput.omit({ csv: true }), given, FIELDS);
  const { time, targets, covariates, frequency, maxGap, horizon, context, split } = fields;
  await requireSubject(home, fields.model, 'series');
  return copyIn(home, flags.csv, async (csv) => {
    const columns = { time, targets, covariates, frequency, maxGap };
    const { dataset, facts } = await callStage(session, 'readCsvSeries', { csv, ...columns });
    session.say(`${String(facts['extent'])}; repairs: ${String(facts['repairs'])}`);
    await checkPlan(home, { series: dataset, horizon, context, split });
    return checkInput(seriesPipelineInput, { ...fields, csv });
  });
}

/** Where a field is called otherwise than its flag. */
const FIELDS: Record<string, string> = { targets: '--target', frequency: '--freq' };

/** A stage in its own units where its activity says so, or in percent. */
function show(
  session: Session,
  { stage, fraction, stages }: SeriesProgress,
  activity: StageProgress | null,
): void {
  if (stage === null) return;
  if (activity) return session.progress.show({ ...activity, stage });
  const note = String(stages.find((line) => line.stage === stage)?.facts['so far'] ?? '');
  session.progress.show({ stage, done: Math.round(100 * fraction), total: 100, unit: '%', note });
}

function answerText({ model, promotion, backtest }: SeriesPipelineResult): string[] {
  const { name, version, champion, reused } = model;
  const { windows, coverage } = backtest;
  return [
    seriesScoreTable(backtest),
    '',
    pairs({
      model: `${name} version ${version}${champion ? ', champion' : ''}${reused ? ' (was there before)' : ''}`,
      promotion,
      windows: `${windows.train} to train on, ${windows.validation} to choose by, ${windows.test} scored; stride 1, none left out`,
      'intervals of 80 %': `hold ${(100 * coverage).toFixed(1)} % of the test part`,
    }),
  ];
}

const HEADER = ['forecaster', 'validation MSE', 'test MSE', 'test MAE', ''];

/** Errors of values that are standardised by the training part, as published tables have them. */
export function seriesScoreTable({
  scores,
  chosen,
}: Pick<SeriesBacktestResult, 'scores' | 'chosen'>): string {
  const rows = scores.map(({ forecaster, validation, test }) => [
    forecaster,
    ...[validation.mse, test.mse, test.mae].map((value) => value.toFixed(3)),
    forecaster === chosen ? 'chosen' : '',
  ]);
  return table(HEADER, rows);
}
