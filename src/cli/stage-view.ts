import type { StageResult } from '../contracts/stages.ts';
import type { Answer } from './session.ts';
import { pairs } from './table.ts';

/** What a stage made, for a person. */
export function stageAnswer(result: StageResult): Answer {
  const { dataset, reused, facts } = result;
  return {
    json: result,
    text: pairs({
      dataset: dataset.uri,
      ...(dataset.rows === undefined ? {} : { rows: dataset.rows }),
      reused,
      ...facts,
    }),
  };
}
