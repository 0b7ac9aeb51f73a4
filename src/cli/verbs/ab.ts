import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import {
  abExtendRequest,
  abOutcome,
  abStopRequest,
  abTestInput,
  MOST_OUTCOMES,
  type ABAccount,
  type ABOutcome,
} from '../../contracts/ab-test.ts';
import { BadInputError, quoted } from '../../errors.ts';
import { readFailure } from '../../lake/storage-failure.ts';
import { abConfigOf } from '../ab-config.ts';
import { accountLines, planLines, resultLines } from '../ab-view.ts';
import { decimal, defineVerb, integer } from '../flags.ts';
import { checkFile, checkInput } from '../input.ts';
import { reachTemporal } from '../reach-temporal.ts';
import { perform, type Answer, type Session } from '../session.ts';
import { table } from '../table.ts';
import { withTemporal } from '../temporal-session.ts';

interface Options extends Record<string, unknown> {
  by?: string;
  reason?: string;
  promote?: boolean;
  duration?: string;
  user?: string;
  value?: number;
  predicted?: string;
  actual?: string;
  forecastMw?: number;
  actualMw?: number;
  file?: string;
}

type Work = (session: Session, options: Options, args: string[]) => Promise<Answer>;
const WORK: Record<string, Work> = { plan, start, list, status, results, route, rate, outcome, extend, stop };

export function defineAb(program: Command): void {
  defineVerb(
    program,
    'ab <what> [name] [request] [rating]',
    'A/B tests of two models: `plan [FILE]`, `start [FILE]`, `list`, `status NAME`, `results NAME` (a page), `route NAME REQUEST`, `rate NAME REQUEST 1..5`, `outcome NAME [REQUEST]`, `extend NAME`, `stop NAME`. FILE is YAML (docs/ab-tests.md); flags count before it.',
    [
      'ab plan --test-name winter --control-model day-ahead --treatment-model day-ahead@3 --success-metric rating --baseline 3.6 --baseline-sd 1.1',
      'ab start winter.yaml',
      'forecast day-ahead --regions ERCO --user ada',
      'ab rate winter 1f2e3d4c5b6a7980 4',
      'ab results winter',
      'ab stop winter --promote --reason "enough"',
    ],
  )
    .option('--test-name <name>', 'names the test for ever')
    .option('--control-model <model>', 'name for its champion, or name@version')
    .option('--treatment-model <model>', 'name or name@version')
    .option('--traffic-split <share>', 'share of the users that the treatment gets (default: 0.1)', decimal)
    .option('--success-metric <name>', 'default: f1_score')
    .option('--higher-is-better <yes>', 'of a metric of your own: true or false', yesOrNo)
    .option('--success-threshold <number>', 'the improvement asked for (default: 0.05)', decimal)
    .option('--threshold-kind <kind>', 'absolute or relative (default: by metric)')
    .option('--alpha <number>', 'default: 0.05', decimal)
    .option('--power <number>', 'default: 0.8', decimal)
    .option('--min-samples <number>', 'users with an outcome, each variant (default: 100)', integer)
    .option('--max-duration <time>', 'such as 36h, 28d, 4w (default: 28d)')
    .option('--action <what>', 'promote, stop or ask, once it is decided (default: ask)')
    .option('--baseline <number>', 'what the control is expected to reach', decimal)
    .option('--baseline-sd <number>', "deviation of one user's outcome", decimal)
    .option('--positive-share <share>', 'of f1_score, precision, recall (default: 0.5)', decimal)
    .option('--users-per-day <number>', 'with an outcome', decimal)
    .option('--user <id>', 'route: who asks')
    .option('--value <number>', 'outcome: a rating, a conversion, an error', decimal)
    .option('--predicted <yes>', 'outcome: what a classifier said, true or false')
    .option('--actual <yes>', 'outcome: what was so, true or false')
    .option('--forecast-mw <number>', 'outcome: what was forecast', decimal)
    .option('--actual-mw <number>', 'outcome: what came', decimal)
    .option('--file <path>', 'outcome: one JSON object a line, with `request` and the fields above')
    .option('--duration <time>', 'extend: by so long, such as 7d')
    .option('--promote', 'stop: make the treatment champion')
    .option('--by <who>', 'who asks (default: the name of this user)')
    .option('--reason <text>', 'kept in the audit')
    .action(
      perform<Options>((session, options, [what = '', ...args]) => {
        const work = Object.hasOwn(WORK, what) ? WORK[what] : undefined;
        if (work) return work(session, options, args);
        const known = Object.keys(WORK).join(', ');
        throw new BadInputError(`A/B tests cannot be asked to ${quoted(what)}.`, `Use one of ${known}.`);
      }),
    );
}

async function plan(_: Session, options: Options, [file]: string[]): Promise<Answer> {
  const { planOf } = await import('../../ab-test/plan.ts');
  // Who is compared does not change how many it takes.
  const some = { testName: 'plan', controlModel: 'control', treatmentModel: 'treatment', ...options };
  const config = await abConfigOf(file, file === undefined ? some : options);
  const found = planOf(config);
  return { json: { config, plan: found }, text: planLines(config, found) };
}

async function start(session: Session, options: Options, [file]: string[]): Promise<Answer> {
  const config = await abConfigOf(file, options);
  const { planOf } = await import('../../ab-test/plan.ts');
  const input = checkInput(abTestInput, { config, ...claim(options) });
  return withTemporal(session, { purpose: 'ab' }, async ({ client, temporary }) => {
    const { startABTest } = await import('../../temporal/ab-tests.ts');
    const begun = await startABTest(client, input);
    const [control, treatment] = [begun.control, begun.treatment].map(
      (tested) => `${tested?.name}@${tested?.version}`,
    );
    const dealt = 100 * config.traffic_split;
    return {
      json: { ...begun, plan: planOf(config) },
      text: [
        `${config.test_name}: ${treatment} answers ${dealt} % of the users, ${control} the others, until ${begun.endsAt}`,
        ...(begun.answersForecasts
          ? []
          : [`It answers no forecasts: ${control} is not champion. \`ab route\` deals requests.`]),
        ...planLines(config, planOf(config)),
        ...(temporary ? ['It stands; outcomes are looked at while the services run: `up`.'] : []),
      ],
    };
  });
}

async function list(session: Session): Promise<Answer> {
  const { listTests } = await import('../../ab-test/store.ts');
  const tests = await listTests(await session.home());
  const rows = tests.map(({ config, control, treatment, ending, endsAt }) => [
    config.test_name,
    `${control.name}@${control.version}`,
    `${treatment.name}@${treatment.version}`,
    config.success_metric,
    ending
      ? `ended: ${ending.decision === 'continue' ? 'undecided' : ending.decision}${ending.promoted ? ', promoted' : ''}`
      : `until ${endsAt.slice(0, 16)}Z`,
  ]);
  const text =
    rows.length > 0
      ? table(['test', 'control', 'treatment', 'metric', 'state'], rows)
      : 'none; `ab start` begins one';
  return { json: { tests }, text };
}

async function standing(session: Session, name: string | undefined) {
  const home = await session.home();
  const [{ requireTest }, { evaluationOf }, { planOf }] = await Promise.all([
    import('../../ab-test/store.ts'),
    import('../../ab-test/journal.ts'),
    import('../../ab-test/plan.ts'),
  ]);
  const record = await requireTest(home, named(name));
  const evaluation = await evaluationOf(home, record.config);
  const over = record.ending?.decision === 'futile';
  return { home, record, evaluation, result: evaluation.result(over), plan: planOf(record.config) };
}

async function status(session: Session, _: Options, [name]: string[]): Promise<Answer> {
  const { record, result, plan: planned } = await standing(session, name);
  return { json: { ...record, result, plan: planned }, text: resultLines(record, result) };
}

async function results(session: Session, _: Options, [name]: string[]): Promise<Answer> {
  const { home, record, evaluation, result, plan: planned } = await standing(session, name);
  const { writeABTestPage } = await import('../../ab-test/page.ts');
  const trajectory = [...evaluation.trajectory];
  const { report } = await writeABTestPage(home, { record, result, trajectory, plan: planned });
  return {
    json: { ...record, result, plan: planned, trajectory, report },
    text: [...resultLines(record, result), '', home.path(report.uri)],
  };
}

/** For models that are served elsewhere: who answers this request; it is counted. */
async function route(session: Session, { user }: Options, [name, request]: string[]): Promise<Answer> {
  const home = await session.home();
  const [{ requireTest }, { noteExposure }] = await Promise.all([
    import('../../ab-test/store.ts'),
    import('../../ab-test/journal.ts'),
  ]);
  const record = await requireTest(home, named(name));
  if (record.ending) throw new BadInputError(`${name} has ended.`, 'Ask the champion.');
  const { request: id } = checkInput(abOutcome.pick({ request: true }), { request });
  const at = new Date().toISOString();
  const { variant } = await noteExposure(home, record, { request: id, user, at });
  const { name: model, version } = record[variant];
  return {
    json: { test: name, request: id, variant, model, version },
    text: `${variant}: ${model}@${version}`,
  };
}

function rate(session: Session, options: Options, [name, request, stars]: string[]): Promise<Answer> {
  const value = Number(stars);
  if (!(value >= 1 && value <= 5)) {
    throw new BadInputError(`${quoted(stars ?? '')} is no rating.`, 'Give a number from 1 to 5.');
  }
  return outcome(session, { ...options, value }, [name ?? '', request ?? '']);
}

async function outcome(session: Session, options: Options, [name, request]: string[]): Promise<Answer> {
  const test = named(name);
  const outcomes = await outcomesOf(options, request);
  const home = await session.home();
  const { noteOutcomes } = await import('../../ab-test/journal.ts');
  const account: ABAccount = { taken: 0, repeated: 0, refused: 0, refusals: [] };
  for (let i = 0; i < outcomes.length; i += MOST_OUTCOMES) {
    const { account: part } = await noteOutcomes(
      home,
      test,
      outcomes.slice(i, i + MOST_OUTCOMES),
      new Date().toISOString(),
    );
    account.taken += part.taken;
    account.repeated += part.repeated;
    account.refused += part.refused;
    account.refusals = [...account.refusals, ...part.refusals].slice(0, 10);
  }
  if (account.taken > 0) {
    // Whoever does not run looks at the files when it does.
    await reachTemporal(session, async (client) =>
      (await import('../../temporal/ab-tests.ts')).nudgeABTest(client, test),
    );
  }
  return { json: account, text: accountLines(test, account), exitCode: account.refused > 0 ? 1 : 0 };
}

async function outcomesOf(
  { file, value, predicted, actual, forecastMw, actualMw }: Options,
  request: string | undefined,
): Promise<ABOutcome[]> {
  if (file === undefined && !request) {
    throw new BadInputError('No request is named.', 'Name one, or give outcomes with --file.');
  }
  if (file === undefined) {
    const fields = { request, value, forecast_mw: forecastMw, actual_mw: actualMw };
    const said = { predicted: yesOrNo(predicted), actual: yesOrNo(actual) };
    return [checkInput(abOutcome, { ...fields, ...said }, { request: 'REQUEST' })];
  }
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw readFailure(error, file) ?? error;
  });
  return text
    .split('\n')
    .map((line, i) => ({ line, place: `${file}, line ${i + 1}` }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, place }) => checkFile(abOutcome, jsonOf(line, place), place));
}

function jsonOf(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new BadInputError(`${place} is not JSON: ${quoted(line)}.`, 'Write one object a line.');
  }
}

function extend(session: Session, options: Options, [name]: string[]): Promise<Answer> {
  const request = checkInput(abExtendRequest, { ...claim(options), duration: options.duration });
  return withTemporal(session, { purpose: 'ab' }, async ({ client }) => {
    const { extendABTest } = await import('../../temporal/ab-tests.ts');
    const done = await extendABTest(client, named(name), request);
    return { json: done, text: `${name} goes on for ${request.duration} more` };
  });
}

function stop(session: Session, options: Options, [name]: string[]): Promise<Answer> {
  const request = checkInput(abStopRequest, { ...claim(options), promote: options.promote ?? false });
  return withTemporal(session, { purpose: 'ab' }, async ({ client }) => {
    const { endOfABTest, stopABTest } = await import('../../temporal/ab-tests.ts');
    await stopABTest(client, named(name), request);
    const ended = await endOfABTest(client, named(name));
    return { json: ended, text: ended.says };
  });
}

const claim = ({ by, reason = '' }: Options) => ({ by: by ?? userInfo().username, reason });

function named(name: string | undefined): string {
  if (name) return name;
  throw new BadInputError('No A/B test is named.', '`ab list` has them.');
}

function yesOrNo(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  const said = { true: true, yes: true, '1': true, false: false, no: false, '0': false }[text];
  if (said === undefined) throw new BadInputError(`${quoted(text)} is neither true nor false.`, 'Give one.');
  return said;
}
