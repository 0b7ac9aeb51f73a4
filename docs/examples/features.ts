// Six columns to features, features to training sequences. Run it: node docs/examples/features.ts
import pl from 'nodejs-polars';
import { EnergyFeatureEngineer, SequenceGenerator, createEnergySequenceDataset } from 'ringwatt';

// Six weeks of hours; real ones come from EnergyDataLoader (see loader.ts) or a file of yours.
const hours = Array.from({ length: 1008 }, (_, i) => i);
const frame = pl.DataFrame({
  timestamp: hours.map((i) => new Date(Date.UTC(2024, 0, 1, 1 + i))),
  region: hours.map(() => 'PACW'),
  demand_mw: hours.map((i) => 2400 + 500 * Math.sin((2 * Math.PI * i) / 24)),
  generation_mw: hours.map((i) => 2500 + 300 * Math.sin((2 * Math.PI * i) / 24)),
  solar_mw: hours.map((i) => Math.max(0, 200 * Math.sin((2 * Math.PI * (i - 14)) / 24))),
  wind_mw: hours.map((i) => 150 + 100 * Math.cos((2 * Math.PI * i) / 60)),
});

const engineer = new EnergyFeatureEngineer();
const features = engineer.createAllFeatures(frame);
console.log(`${frame.width} columns became ${features.width}`); // 6 → 153

// What each column is: name, formula, inputs, unit, null policy.
const [stress] = engineer.catalogue().filter(({ name }) => name === 'grid_stress');
console.log(stress?.formula);

// A week of inputs, the hour after it as target; fewer targets with targetColumns.
const sequences = new SequenceGenerator({ sequenceLength: 168, stride: 24 }).createSequences(features);
console.log(sequences.shape); // [35, 168, 149]
for (const { input, target } of sequences) {
  if (input.length !== 168 * 149 || target.length !== 149) throw new Error('not the shape promised');
}
for (const batch of sequences.batches(16)) {
  const { inputs, targets } = batch.stack(); // contiguous, for a tensor library
  console.log(batch.inputShape, inputs.length, batch.targetShape, targets.length);
}

// The same in one call, one day of demand as target, scaled as the sequences above were fitted.
const dataset = createEnergySequenceDataset(frame, {
  horizon: 24,
  targetColumns: ['demand_mw'],
  scaling: sequences.scaling,
});
export const result = {
  columns: features.width,
  shape: sequences.shape,
  targets: dataset.sequences.at(0).target.length,
};
