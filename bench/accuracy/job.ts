import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PipelineResult } from '../../src/contracts/pipeline.ts';
import type { RollingBacktestResult } from '../../src/contracts/rolling-backtest.ts';
import { versionRecord } from '../../src/registry/version-record.ts';
import type { Place } from './verb.ts';

/** What a job is asked: flags of `run` beside the model's name, and how its forecasters are rolled afterwards. */
export interface Job {
  name: string;
  train: string;
  score: string;
  run: string[];
  backtest: string[];
}

/** The whole job, then what it fitted rolled over the scored hours, fitted anew on the way. */
export async function runJob({ verb, home }: Place, { name, train, score, run, backtest }: Job) {
  const { model } = await verb<PipelineResult>(
    ...['run', '--model', name, '--train', train, '--score', score, '--promote', 'never'],
    ...run,
  );
  const path = join(home, 'models', name, String(model.version), 'version.json');
  const { lineage } = versionRecord.parse(JSON.parse(await readFile(path, 'utf8')));
  const { scores } = await verb<RollingBacktestResult>(
    ...['backtest', '--rolling', '--name', name, '--score', score, '--sequences', lineage.sequences!.uri],
    ...['--fitted', lineage.forecaster!.uri, '--forecasters', 'trees', '--candidate', 'fitted'],
    ...backtest,
  );
  return scores;
}
