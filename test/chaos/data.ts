import { PIPELINE_QUEUE, WORKFLOWS } from '../../src/temporal/names.ts';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import type { IngestionOutcome } from '../../src/contracts/ingestion.ts';
import { silentLogger } from '../../src/stages/context.ts';
import { stageRunner } from '../../src/stages/runner.ts';
import type { World } from './world.ts';

const REGIONS = ['PACW' as const];
const SEQUENCE_HOURS = 1440;

/** A year of one region from the shipped record, through the project's own stages. */
export async function makeSequences(
  { client, home, stack }: World,
  signal: AbortSignal,
): Promise<ArtifactReference> {
  const grid = (await client.workflow.execute(WORKFLOWS.ingestion, {
    workflowId: 'ingestion/chaos',
    taskQueue: PIPELINE_QUEUE,
    args: [{ regions: REGIONS, from: '2017-01', to: '2018-01' }],
  })) as IngestionOutcome;
  const run = stageRunner({ home, config: stack.config, log: silentLogger });
  const options = { signal, progress: () => {} };
  const valid = await run('validate', { dataset: grid.dataset, regions: [...REGIONS] }, options);
  const features = await run('engineerFeatures', { dataset: valid.dataset, dtype: 'float32' }, options);
  const sequences = await run(
    'cutSequences',
    {
      dataset: features.dataset,
      regions: [...REGIONS],
      train: { from: '2017-01', to: '2017' },
      score: { from: '2018-01', to: '2018-01' },
      sequenceLength: SEQUENCE_HOURS,
      stride: 168,
      horizon: 48,
      issueHourLocal: 10,
      inputs: { operator: true, weather: false },
    },
    options,
  );
  return sequences.dataset;
}
