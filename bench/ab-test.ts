import { SampleRatio } from '../src/ab-test/statistics/sample-ratio.ts';
import { plannedUsers, randomOf, simulate, WORLDS } from './ab-test/worlds.ts';
import { median, type BenchOptions, type Measure } from './measure.ts';

export const name = 'ab-test';
export const parts = ['false-positives', 'coverage', 'power', 'sample-ratio'];

const TESTS = 2000;
const ALPHA = 0.05;
const POWER = 0.8;
/** A test that nobody ends goes on: what is claimed holds at any time, not up to the plan. */
const BEYOND_PLAN = 2;
const SAMPLE_RATIO_ALPHA = 0.001;
const SPLIT = 0.1;
const DEALT = 20_000;
/** A rate of one in a thousand takes more tests to see. */
const QUIET = { tests: 20_000, users: 5000 };

/**
 * What the statistics of A/B tests promise, on tests whose truth is known: two variants that do not differ, looked at
 * after every outcome, and planted effects of the size that was planned for.
 */
export async function run({ only, say }: BenchOptions): Promise<Measure[]> {
  const wanted = (part: string) => only?.includes(part) ?? true;
  return [
    ...(wanted('false-positives') ? falsePositives(say) : []),
    ...(wanted('coverage') ? coverage(say) : []),
    ...(wanted('power') ? power(say) : []),
    ...(wanted('sample-ratio') ? sampleRatio() : []),
  ];
}

function falsePositives(say: BenchOptions['say']): Measure[] {
  return WORLDS.map((world) => {
    const users = BEYOND_PLAN * plannedUsers(world);
    const runs = repeat((seed) => simulate(world, { seed, users, improved: false }));
    const ours = shareOf(runs, ({ crossed }) => crossed);
    say(`${world.name}: ${TESTS} tests of ${users} users that do not differ, ${ours} differ`);
    return atMost(`false positives, looked at after each outcome: ${world.name}`, ours, ALPHA, {
      note: `${TESTS} A/A tests of up to ${users} users, ${BEYOND_PLAN} times the plan; treatment recommended in ${shareOf(runs, ({ decision }) => decision === 'promote')}`,
    });
  });
}

/** A sequence that holds only where there is no difference would be no interval. */
function coverage(say: BenchOptions['say']): Measure[] {
  return planned().map((world) => {
    const users = plannedUsers(world);
    const truth = world.config.success_threshold;
    const runs = repeat((seed) => simulate(world, { seed: seed + 3e6, users, improved: true, truth }));
    const ours = shareOf(runs, ({ crossed }) => crossed);
    say(`${world.name}: the sequence leaves the planted effect in ${ours}`);
    return atMost(`the planted effect outside the sequence at any look: ${world.name}`, ours, ALPHA, {});
  });
}

const planned = () => WORLDS.filter(({ unplanned }) => !unplanned);

function power(say: BenchOptions['say']): Measure[] {
  return planned().map((world) => {
    const users = plannedUsers(world);
    const runs = repeat((seed) => simulate(world, { seed: seed + 1e6, users, improved: true }));
    const found = runs.filter(({ decision }) => decision === 'promote');
    const ours = found.length / TESTS;
    const middle = found.length === 0 ? Number.NaN : median(found.map((each) => each.users));
    say(`${world.name}: the planned effect found in ${ours}`);
    return {
      ...{ measure: `power by the planned ${users} users: ${world.name}`, ours },
      ...{ peer: null, theirs: POWER, unit: 'share of tests', ratio: ours / POWER, floor: 1 },
      holds: ours >= POWER,
      note: `of those found half are by ${middle} users`,
    };
  });
}

function sampleRatio(): Measure[] {
  const alarms = (share: number, { tests, most }: { tests: number; most: number }) =>
    repeat((seed) => {
      const random = randomOf(seed + 2e6);
      const ratio = new SampleRatio(SPLIT);
      let users = 0;
      while (users < most && !ratio.broken) {
        users++;
        ratio.add(random() < share);
      }
      return { alarmed: ratio.broken, users };
    }, tests);
  const quiet = shareOf(alarms(SPLIT, { tests: QUIET.tests, most: QUIET.users }), ({ alarmed }) => alarmed);
  const broken = alarms(0.12, { tests: TESTS, most: DEALT });
  const detected = shareOf(broken, ({ alarmed }) => alarmed);
  return [
    atMost(`sample ratio, false alarms among ${QUIET.users} users`, quiet, SAMPLE_RATIO_ALPHA, {
      note: `${QUIET.tests} tests`,
    }),
    {
      ...{ measure: `sample ratio, 0.12 instead of 0.1 found within ${DEALT} users`, ours: detected },
      ...{ peer: null, theirs: 0.99, unit: 'share of tests', ratio: detected / 0.99, floor: 1 },
      holds: detected >= 0.99,
      note: `half are found by ${median(broken.map(({ users }) => users))} users`,
    },
  ];
}

const repeat = <Result>(once: (seed: number) => Result, tests = TESTS): Result[] =>
  Array.from({ length: tests }, (_, i) => once(7919 * (i + 1)));

const shareOf = <Each>(runs: readonly Each[], is: (run: Each) => boolean) =>
  runs.filter(is).length / runs.length;

function atMost(measure: string, ours: number, limit: number, { note }: { note?: string }): Measure {
  return {
    ...{ measure, ours, peer: null, theirs: limit, unit: 'share of tests' },
    // None at all is no more than twice as good as what is promised.
    ...{ ratio: limit / Math.max(ours, limit / 2), floor: 1, holds: ours <= limit },
    ...(note !== undefined && { note }),
  };
}
