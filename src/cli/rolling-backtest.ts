import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  FITTED,
  rollingBacktestInput,
  type BacktestProgress,
  type RollingBacktestInput,
  type RollingBacktestResult,
} from '../contracts/rolling-backtest.ts';
import type { Home } from '../lake/home.ts';
import { BadInputError } from '../errors.ts';
import type { StageProgress } from '../stages/context.ts';
import { resolveDataset } from './datasets.ts';
import { follow } from './follow.ts';
import { checkInput, checkRegions, parseRange } from './input.ts';
import { duration } from './progress.ts';
import { rollingTable } from './rolling-table.ts';
import type { Answer, Session } from './session.ts';
import { pairs } from './table.ts';
import { withTemporal } from './temporal-session.ts';

/** Flags that mean something with `--rolling` alone. */
export interface RollingFlags {
  name?: string;
  refitDays?: number;
  window?: string;
  seeds?: string;
  forecasters?: string[];
  fitted?: string;
  candidate?: string;
  regions?: string[];
  atOnce?: number;
}

export interface RollingOptions extends RollingFlags {
  sequences?: string;
  score?: string;
}

const FLAGS: Record<string, string> = { model: '--candidate' };

/** What a person asks for; refused here, before any service is started, where the sequences cannot carry it. */
export async function rollingInputOf(home: Home, options: RollingOptions): Promise<RollingBacktestInput> {
  const { name, refitDays, atOnce, candidate, regions, score } = options;
  const { fitted } = options;
  const given = options.forecasters;
  const forecasters = fitted === undefined ? given : [...(given ?? ['ridge', 'trees']), FITTED];
  const input = checkInput(
    rollingBacktestInput,
    {
      ...{ name, refitDays, atOnce, forecasters, model: candidate },
      sequences: await resolveDataset(home, 'sequences', options.sequences, hasIssues),
      fitted: fitted === undefined ? undefined : await resolveDataset(home, 'forecaster', fitted),
      regions: checkRegions(regions),
      score: parseRange(score, '--score'),
      window: windowOf(options.window),
      seeds: seedsOf(options.seeds),
    },
    FLAGS,
  );
  const { settleRolling } = await import('../backtest/rolling/plan-stage.ts');
  await settleRolling(home, input);
  return input;
}

/** What a search cut leaves out the hours to score. */
const hasIssues = ({ issues, purpose }: { issues?: unknown; purpose?: unknown }) =>
  issues !== undefined && purpose === undefined;

/** `expanding`, or a number of days. */
function windowOf(text: string | undefined): RollingBacktestInput['window'] | undefined {
  if (text === undefined || text === 'expanding') return text;
  if (/^\d+$/.test(text)) return { slidingDays: Number(text) };
  throw new BadInputError(
    `--window ${text} is no window.`,
    'Give `expanding`, or the days that each fit learns from, such as 365.',
  );
}

const MOST_SEEDS = 20;

/** `1..5`, `1,3,8` or `1`. */
function seedsOf(text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined;
  const range = /^(\d+)\.\.(\d+)$/.exec(text);
  if (range) {
    const [from, to] = [Number(range[1]), Number(range[2])];
    if (to >= from && to - from < MOST_SEEDS)
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  } else if (/^\d+(,\d+)*$/.test(text)) return text.split(',').map(Number);
  throw new BadInputError(
    `--seeds ${text} are no seeds.`,
    `Give at most ${MOST_SEEDS}, such as 1..5 or 1,3,8.`,
  );
}

/** Runs the backtest, or joins the one of its name, and shows where it stands until it ends. */
export async function runRolling(session: Session, input: RollingBacktestInput): Promise<Answer> {
  const home = await session.home();
  return withTemporal(session, { purpose: 'backtest', slots: 0 }, async ({ client }) => {
    const { startBacktest } = await import('../temporal/runs.ts');
    const { backtestProgressQuery } = await import('../temporal/messages.ts');
    const started = Date.now();
    const run = await startBacktest(client, input);
    session.say(run.attached ? `${run.workflowId} runs already: following it` : `started ${run.workflowId}`);
    const result = await follow(session, run.result, async () => {
      session.progress.show(shown(await run.handle.query(backtestProgressQuery)));
    });
    return answerOf(result, { seconds: (Date.now() - started) / 1000, home });
  });
}

/** The time left is the display's own guess. */
function shown({ state, done, units, reused, paused }: BacktestProgress): StageProgress {
  const notes = [
    paused ? 'paused' : '',
    state === 'fitting' ? '' : state,
    reused ? `${reused} were there` : '',
  ];
  return { stage: 'backtest', done, total: units, unit: 'fits', note: notes.filter(Boolean).join(', ') };
}

function answerOf(result: RollingBacktestResult, { seconds, home }: { seconds: number; home: Home }): Answer {
  const { dataset, report, issues, stretches, units, unitsReused } = result;
  const reportPath = resolve(home.root, report.uri);
  const facts = {
    issues: `${issues}, in ${stretches} ${stretches === 1 ? 'stretch' : 'stretches'}`,
    fits: `${units}${unitsReused > 0 ? `, ${unitsReused} were there` : ''}`,
    'time taken': duration(seconds),
    dataset: dataset.uri,
    report: pathToFileURL(reportPath).href,
  };
  return {
    json: { ...result, seconds, reportPath },
    text: [...rollingTable(result), '', pairs(facts)],
  };
}
