import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pipelineInput, type PipelineInput, type PipelineResult } from '../contracts/pipeline.ts';
import { firstHourOf, lastHourOf, type DateRange } from '../contracts/time.ts';
import { trainingSettings } from '../contracts/training.ts';
import { BadInputError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { requireSubject } from '../registry/version-folder.ts';
import { follow } from './follow.ts';
import { fromSearch, type FromSearch } from './from-search.ts';
import { inputsOf, type InputFlags } from './input-flags.ts';
import { checkInput, checkModelName, checkPeriod, checkRegions, parseRange } from './input.ts';
import { duration } from './progress.ts';
import { scoreTable } from './score-table.ts';
import type { Answer, Session } from './session.ts';
import { pairs } from './table.ts';
import type { TemporalPlace } from './temporal-session.ts';
import { settingsOf, type TrainingFlags } from './training-flags.ts';
import { slotLines } from './training-view.ts';

export interface PipelineFlags extends TrainingFlags, InputFlags {
  model?: string;
  regions?: string[];
  from?: string;
  to?: string;
  train?: string;
  score?: string;
  rolling?: boolean;
  scoreDays?: number;
  trainDays?: number;
  sequenceLength?: number;
  members?: string[];
  validationDays?: number;
  promote?: string;
  fromSearch?: string | true;
}

/** The main job's input from flags: what is not given a search has found, or is the contract's business. */
export function pipelineInputOf(flags: PipelineFlags, found?: FromSearch): PipelineInput {
  const given = {
    model: checkModelName(flags.model),
    regions: checkRegions(flags.regions),
    ...checkPeriod(flags),
    train: parseRange(flags.train, '--train'),
    score: parseRange(flags.score, '--score'),
    rolling: rollingOf(flags),
    sequenceLength: flags.sequenceLength ?? found?.sequenceLength,
    inputs: inputsOf(flags),
    training: checkInput(trainingSettings, { ...found?.training, ...settingsOf(flags) }),
    fit: { members: flags.members, validationDays: flags.validationDays, search: found?.reference },
    promote: flags.promote,
  };
  const input = checkInput(pipelineInput, given);
  const { train, score } = input;
  if (train && score) requireUnseenScore(train, score);
  if (train && found) requireLearntFrom(train, found.validation);
  return input;
}

/** The same, and that the model of this name in the home, if there is one, forecasts the grid too. */
export async function pipelineInputFor(home: Home, flags: PipelineFlags): Promise<PipelineInput> {
  const found = flags.fromSearch === undefined ? undefined : await fromSearch(home, flags.fromSearch);
  const input = pipelineInputOf(flags, found);
  await requireSubject(home, input.model, 'grid');
  return input;
}

/** The backtest would refuse it too, after an hour of training. */
function requireUnseenScore(train: DateRange, score: DateRange): void {
  if (lastHourOf(score.to) < firstHourOf(train.from) || firstHourOf(score.from) > lastHourOf(train.to))
    return;
  throw new BadInputError(
    `--score ${score.from}..${score.to} overlaps --train ${train.from}..${train.to}.`,
    'Score hours that the model has not seen.',
  );
}

/** The fit would refuse it too: what it knows of later hours by its settings could be scored. */
function requireLearntFrom(train: DateRange, validation: DateRange): void {
  if (lastHourOf(validation.to) <= lastHourOf(train.to)) return;
  throw new BadInputError(
    `The search chose its settings on ${validation.from} to ${validation.to}, later than what is trained on (to ${train.to}).`,
    'Train on all days that it was validated on and score later ones, or search on earlier ones.',
  );
}

/** The numbers of days alone are enough to ask for it. */
function rollingOf({ rolling, scoreDays, trainDays }: PipelineFlags): object | undefined {
  if (!rolling && scoreDays === undefined && trainDays === undefined) return undefined;
  return { ...(scoreDays !== undefined && { scoreDays }), ...(trainDays !== undefined && { trainDays }) };
}

/** Runs the main job, or joins the one that runs, and shows where it stands until it ends. */
export async function runPipeline(
  session: Session,
  { client, config, uiUrl }: TemporalPlace,
  input: PipelineInput,
): Promise<{ result: PipelineResult; workflowId: string; seconds: number }> {
  const [{ startPipeline }, { watchPipeline }] = await Promise.all([
    import('../temporal/runs.ts'),
    import('../temporal/progress.ts'),
  ]);
  const started = Date.now();
  const date = new Date().toISOString().slice(0, 10);
  const run = await startPipeline(client, { model: input.model, date, input });
  session.say(run.attached ? `${run.workflowId} runs already: following it` : `started ${run.workflowId}`);
  if (uiUrl) session.say(`Temporal UI: ${runPage(uiUrl, config.temporalNamespace, run.workflowId)}`);
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, session.signal]);
  const watching = watchPipeline(
    client,
    run.workflowId,
    (update) => session.progress.job(update, slotLines(update.training?.slots ?? [])),
    {
      signal,
    },
  );
  watching.catch(() => {});
  try {
    const result = await follow(session, run.result, async () => {});
    return { result, workflowId: run.workflowId, seconds: (Date.now() - started) / 1000 };
  } finally {
    over.abort();
    await watching.catch(() => {});
  }
}

/** The table of scores, what was decided, where to look. */
export function pipelineAnswer(
  { result, workflowId, seconds }: Awaited<ReturnType<typeof runPipeline>>,
  { homeRoot, uiUrl, uiStays }: { homeRoot: string; uiUrl: string | null; uiStays: boolean },
): Answer {
  const { name, version, champion, reused } = result.model;
  const reportPath = result.report && resolve(homeRoot, result.report.uri);
  const facts = {
    model: `${name} version ${version}${champion ? ', champion' : ''}${reused ? ' (was there before)' : ''}`,
    promotion: result.promotion,
    'time taken': duration(seconds),
    ...(uiUrl
      ? {
          'Temporal UI': uiStays
            ? uiUrl
            : `${uiUrl} (stopped now; \`npm start -- --keep\` or \`up\` leaves it up)`,
        }
      : {}),
    ...(reportPath ? { report: pathToFileURL(reportPath).href } : {}),
  };
  const reusedStages = result.stages.filter((stage) => stage.reused).map(({ stage }) => stage);
  const done = reusedStages.length > 0 ? [`done before, not done again: ${reusedStages.join(', ')}`] : [];
  return {
    json: { ...result, workflowId, seconds, reportPath, uiUrl: uiStays ? uiUrl : null },
    text: ['', scoreTable(result.scores), '', pairs(facts), ...done],
  };
}

const runPage = (uiUrl: string, namespace: string, workflowId: string) =>
  `${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;
