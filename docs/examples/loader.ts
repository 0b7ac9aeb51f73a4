// Training data out of a home that `ringwatt ingest` has filled. Run it: node docs/examples/loader.ts [HOME]
import { EnergyDataLoader, MissingDataError, createEnergySequenceDataset } from 'ringwatt';

export async function january(home: string, apiKey?: string) {
  // With an EIA key the hours that the home lacks are fetched; without one a MissingDataError says what to run.
  const loader = await EnergyDataLoader.createFromStorage(home, apiKey);
  const frame = await loader.loadTrainingData('2018-01-01', '2018-01-31', { region: 'PACW' });
  return createEnergySequenceDataset(frame, {
    sequenceLength: 168,
    horizon: 24,
    targetColumns: ['demand_mw'],
  });
}

if (import.meta.main) {
  try {
    const { sequences } = await january(process.argv[2] ?? '.ringwatt');
    console.log(`${sequences.length} sequences of ${sequences.sequenceLength} hours`);
  } catch (error) {
    if (!(error instanceof MissingDataError)) throw error;
    console.log(error.line);
  }
}
