// A year of hours dealt out to the ranks of a ring. Run it: node docs/examples/ring-sequences.ts
import pl from 'nodejs-polars';
import { EnergyFeatureEngineer, RingAttentionSequenceGenerator, joinRingParts } from 'ringwatt';

const hours = Array.from({ length: 8784 }, (_, i) => i); // 2024 is a leap year
const wave = (mean: number, swing: number) =>
  hours.map((i) => mean + swing * Math.sin((2 * Math.PI * i) / 24));
const frame = pl.DataFrame({
  timestamp: hours.map((i) => new Date(Date.UTC(2024, 0, 1, 1 + i))),
  region: hours.map(() => 'ERCO'),
  demand_mw: wave(48_000, 9_000),
  generation_mw: wave(48_000, 8_500),
  solar_mw: wave(3_000, 3_000),
  wind_mw: wave(12_000, 4_000),
});

const features = new EnergyFeatureEngineer().createAllFeatures(frame);
const ring = new RingAttentionSequenceGenerator({ sequenceLength: 8784, ringSize: 5, layout: 'zigzag' });
const [sequence] = ring.createRingSequences(features);
if (!sequence) throw new Error('a year gives one sequence');

// Every rank has as many tokens; positions travel with them, padding is masked.
for (const { rank, positions, mask } of sequence.parts()) {
  console.log(rank, positions.length, positions[0], positions.at(-1), mask.filter((bit) => bit === 0).length);
}

const whole = joinRingParts(sequence.parts());
export const result = {
  same: whole.every((value, i) => value === sequence.input[i]),
  tokensPerRank: sequence.part(0).positions.length,
};
