import { predictorOf, type Predictor } from '../model/predictor.ts';
import type { Candidate } from './candidate.ts';
import type { Parent } from './parent.ts';

/** Of each side, after one to warm up. */
const ROUNDS = 9;

/** Of one answer of the day ahead, medians of rounds that alternate. */
export interface Pace {
  seconds: number;
  /** Of all threads together: depends less on what else the machine does. */
  processorSeconds: number;
}

export interface Speed {
  /** Hours of history that each answer is made from. */
  hours: number;
  before: Pace;
  after: Pace;
}

/** How fast both networks answer one issue from a whole history: numbers of any size take the same time. */
export async function speedOf(
  { sequenceLength }: Pick<Parent, 'sequenceLength'>,
  before: Candidate,
  after: Candidate,
): Promise<Speed> {
  const ask = async ({ config, training }: Candidate) =>
    questionTo(await predictorOf(config, training.weights), sequenceLength);
  const sides = [await ask(before), await ask(after)];
  const rounds: Pace[][] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [side, answer] of sides.entries()) {
      const [started, used] = [performance.now(), process.cpuUsage()];
      await answer();
      const { user, system } = process.cpuUsage(used);
      const pace = {
        seconds: (performance.now() - started) / 1000,
        processorSeconds: (user + system) / 1e6,
      };
      if (round > 0) rounds[side]!.push(pace);
    }
  }
  const [one, other] = rounds.map((paces) => ({
    seconds: median(paces.map(({ seconds }) => seconds)),
    processorSeconds: median(paces.map(({ processorSeconds }) => processorSeconds)),
  }));
  return { hours: sequenceLength, before: one!, after: other! };
}

function questionTo(network: Predictor, hours: number): () => Promise<Float32Array> {
  const { channels, regions, issueHead } = network;
  const { horizon, columns, dayColumns } = issueHead!;
  const inputs = Float32Array.from(
    { length: hours * channels.length },
    (_, i) => ((i * 7919) % 201) / 100 - 1,
  );
  const values = {
    features: new Float32Array(horizon * columns.length),
    day: new Float32Array(dayColumns.length),
  };
  return () => network.predictIssues(inputs, hours, regions[0]!, Int32Array.of(hours - 1), values);
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
