import type { StageContext } from '../../src/stages/context.ts';
import { backtest } from '../../src/backtest/stage.ts';
import { registerModel, writeChampion } from '../../src/registry/stage.ts';
import { SCORE, trainedHome, writeModel } from '../backtest/trained-home.ts';

export const MODEL = 'day-ahead';
/** 10:00 of local standard time, two weeks before the record ends. */
export const ISSUE = '2019-03-14T18';

/** A home with a grid's record and two registered versions that forecast it; the first is champion. */
export async function forecastHome(context: StageContext): Promise<void> {
  const made = await trainedHome(context);
  const { sequences } = made;
  for (const model of [await writeModel(context, sequences, { issueHead: true }), made.model]) {
    const { dataset } = await backtest(context, { model, sequences, score: SCORE, issueHourLocal: 10 });
    const { version, sha256 } = await registerModel(context, { name: MODEL, model, backtest: dataset });
    if (version > 1) continue;
    const since = '2026-01-01T00:00:00Z';
    await writeChampion(context, { name: MODEL, generation: 1, version, sha256, since, previous: [] });
  }
}
