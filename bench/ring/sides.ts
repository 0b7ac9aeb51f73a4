import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../measure.ts';

/** One competitor: whatever it is made of, it does the work once and says what it took. */
export interface Side {
  name: string;
  /** Milliseconds of one repetition, by its own clock. */
  run(): Promise<number>;
  close(): Promise<void>;
}

/** A peer that cannot take part here, and what to do about it. */
export interface AbsentSide {
  name: string;
  absent: string;
}

export interface Figures {
  median: number;
  spread: [number, number];
}

/** Some libraries' threads spin for a while after their work, waiting for more. */
const SETTLE_MS = 400;

/** All sides in turn, again and again, so that whatever else the machine does meets them alike. */
export async function alternate(
  sides: readonly Side[],
  rounds: number,
  say: (line: string) => void,
): Promise<Map<string, Figures>> {
  const times = new Map(sides.map(({ name }) => [name, [] as number[]]));
  // The first repetition pays for compiling, for pages and for caches.
  for (let round = 0; round <= rounds; round++) {
    const said: string[] = [];
    for (const side of sides) {
      const ms = await side.run();
      if (round > 0) times.get(side.name)!.push(ms);
      said.push(`${side.name} ${Math.round(ms)}`);
      await sleep(SETTLE_MS);
    }
    say(`${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}, ms: ${said.join(', ')}`);
  }
  return new Map([...times].map(([name, values]) => [name, figuresOf(values)]));
}

export const figuresOf = (values: readonly number[]): Figures => ({
  median: median(values),
  spread: [Math.min(...values), Math.max(...values)],
});
