import { abTestConfig, type ABTestConfig, type Variant } from '../../src/contracts/ab-test.ts';
import { varianceOf } from '../../src/ab-test/plan.ts';
import { Trial } from '../../src/ab-test/trial.ts';

/** mulberry32: small, fast, and good enough for a simulation that is repeated with the same seeds. */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const normal = (random: () => number) =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

type Draw = (random: () => number, improved: boolean, variant?: Variant) => [a: number, b: number];

/** Outcomes of a kind, with or without the improvement that is asked for. */
export interface World {
  name: string;
  config: ABTestConfig;
  draw: Draw;
  /** Not as the plan assumes: it promises no power then, and no more false positives either. */
  unplanned?: true;
  /** Outcomes of one user, who differs from others by so much of the deviation; default: one, of a stranger. */
  perUser?: { most: number; deviation: number };
}

const config = (changes: object) =>
  abTestConfig.parse({ test_name: 'simulated', control_model: 'a', treatment_model: 'b', ...changes });

/** Lognormal with σ = 1: mean e^½, deviation 1.31 of it, a skewness of 6, a tail that means suffer from. */
const LOGNORMAL_MEAN = Math.exp(0.5);
const LOGNORMAL_SD = LOGNORMAL_MEAN * Math.sqrt(Math.E - 1);

export const WORLDS: World[] = [
  {
    name: 'proportions, 0.8',
    config: config({ success_metric: 'conversion', baseline: 0.8 }),
    draw: (random, improved) => [Number(random() < (improved ? 0.85 : 0.8)), 1],
  },
  {
    name: 'rare proportions, 0.02',
    config: config({ success_metric: 'conversion', baseline: 0.02, success_threshold: 0.015 }),
    draw: (random, improved) => [Number(random() < (improved ? 0.035 : 0.02)), 1],
  },
  {
    name: 'means with heavy tails',
    config: config({
      ...{ success_metric: 'mae', success_threshold: 0.15 },
      ...{ baseline: LOGNORMAL_MEAN, baseline_sd: LOGNORMAL_SD },
    }),
    draw: (random, improved) => [(improved ? 0.85 : 1) * Math.exp(normal(random)), 1],
  },
  {
    name: 'F1, half the outcomes positives',
    config: config({ success_metric: 'f1_score', baseline: 0.8 }),
    draw: (random, improved) => f1Outcome(random, improved ? 0.85 : 0.8),
  },
  {
    name: 'means, the treatment three times as spread',
    config: config({ success_metric: 'rating', baseline: 3, baseline_sd: 0.3, success_threshold: 0.03 }),
    draw: (random, _, variant) => [3 + (variant === 'treatment' ? 0.9 : 0.3) * normal(random), 1],
    unplanned: true,
  },
  {
    name: 'users with several outcomes each',
    config: config({ success_metric: 'rating', baseline: 3.6, baseline_sd: 1.1, success_threshold: 0.1 }),
    draw: (random, improved) => [3.6 * (improved ? 1.1 : 1) + 0.8 * normal(random), 1],
    perUser: { most: 6, deviation: 0.8 },
    unplanned: true,
  },
];

/** Precision and recall alike, so that F1 is what both are. */
function f1Outcome(random: () => number, f1: number): [number, number] {
  const actual = random() < 0.5;
  const predicted = actual ? random() < f1 : random() < 1 - f1;
  return [actual && predicted ? 2 : 0, Number(actual) + Number(predicted)];
}

export interface Run {
  /** At some look the sequence left 0, or the truth that was given. */
  crossed: boolean;
  decision: Trial['decision'];
  /** Users when it was decided. */
  users: number;
}

interface Case {
  seed: number;
  users: number;
  improved: boolean;
  /** Takes each outcome for one of a user of its own: what a test must not do. */
  strangers?: boolean;
  /** What the sequence must never leave; default: no difference. */
  truth?: number;
}

/** One test, looked at after every outcome, with so many users at most. */
export function simulate(world: World, { seed, users, improved, strangers = false, truth = 0 }: Case): Run {
  const random = randomOf(seed);
  const trial = new Trial(world.config);
  const split = world.config.traffic_split;
  const crossed = () => {
    const { low, high } = trial.look ?? { low: truth, high: truth };
    return low > truth || high < truth;
  };
  if (world.perUser)
    return simulateUsers(world, world.perUser, { random, trial, users, improved, strangers }, crossed);
  let seen = 0;
  while (seen < users && !crossed()) {
    seen++;
    const variant: Variant = random() < split ? 'treatment' : 'control';
    const [a, b] = world.draw(random, improved && variant === 'treatment', variant);
    trial.addUnit(variant, a, b);
  }
  return { crossed: crossed(), decision: trial.decision, users: seen };
}

/** Users come back: the outcomes of all of them are mixed. */
function simulateUsers(
  world: World,
  { most, deviation }: NonNullable<World['perUser']>,
  {
    random,
    trial,
    users,
    improved,
    strangers,
  }: Omit<Case, 'seed' | 'truth'> & { random: () => number; trial: Trial },
  crossed: () => boolean,
): Run {
  const split = world.config.traffic_split;
  const people: { variant: Variant; shift: number }[] = [];
  for (let i = 0; i < (users * most) / 2 && !crossed(); i++) {
    const isNew = people.length < users && (people.length === 0 || random() < 2 / most);
    if (isNew) {
      people.push({ variant: random() < split ? 'treatment' : 'control', shift: deviation * normal(random) });
    }
    const who = isNew ? people.length - 1 : Math.floor(random() * people.length);
    const { variant, shift } = people[who]!;
    const [a, b] = world.draw(random, improved && variant === 'treatment', variant);
    trial.add(variant, String(strangers ? i : who), a + shift, b);
  }
  return { crossed: crossed(), decision: trial.decision, users: people.length };
}

/** By the plan, with one outcome a user. */
export function plannedUsers({ config: planned }: World): number {
  const { plannedInformation } = new Trial(planned).design;
  return Math.ceil(plannedInformation * varianceOf(planned)!(planned.success_threshold));
}
