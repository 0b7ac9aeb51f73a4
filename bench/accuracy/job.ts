import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PipelineResult } from '../../src/contracts/pipeline.ts';
import type { CardScore } from '../../src/registry/card.ts';
import type { Place } from './verb.ts';

/** What a job is asked: flags of `run` beside the model's name. */
export interface Job {
  name: string;
  train: string;
  score: string;
  flags: string[];
}

const BUDGET = '--budget-minutes';

/** The whole job, fitted once before the scored hours; the card of what came of it, a region a row. */
export async function runJob(
  { verb, home }: Place,
  { name, train, score, flags }: Job,
): Promise<CardScore[]> {
  const { model } = await verb<PipelineResult>(
    ...['run', '--model', name, '--train', train, '--score', score, '--promote', 'never'],
    // Steps, not seconds, end the training: what else the machine does shall change no figure.
    ...(flags.includes(BUDGET) ? [] : [BUDGET, '60']),
    ...flags,
  );
  const path = join(home, 'models', name, String(model.version), 'card.json');
  const { scores } = JSON.parse(await readFile(path, 'utf8')) as { scores: CardScore[] };
  return scores;
}
