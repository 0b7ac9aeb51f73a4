import { dealHours, placesOf, type Arrangement } from './place.ts';
import type { PassMessage, PassParts } from './protocol.ts';
import { rowsOfRank, type Question } from './questions.ts';

/** What the shard of one place is told of a question. */
export interface Dealt {
  message: PassMessage;
  /** In the order of the message's parts: views of the question. */
  floats: readonly Float32Array[];
}

/** To each place its own hours; what the heads need beside them to the one that has the last hour. */
export function dealtQuestion(
  question: Question,
  arrangement: Arrangement,
  of: Pick<PassMessage, 'epoch' | 'call'>,
): Dealt[] {
  const { history, hours, region, features, day, baseMw } = question;
  const { last } = dealHours(hours, arrangement.ranks);
  const lastRow = history.subarray(history.length - history.length / hours);
  return placesOf(arrangement).map((place) => {
    const rows = place.stage === 0 ? rowsOfRank(question, place) : [];
    const answers = place.stage === place.stages - 1 && place.rank === last;
    const known = answers ? [lastRow, features, day, baseMw] : [];
    const [lastLength = 0, ...lengths] = known.map(({ length }) => length);
    const parts: PassParts = {
      history: rows.reduce((sum, { length }) => sum + length, 0),
      lastRow: lastLength,
      features: lengths[0] ?? 0,
      day: lengths[1] ?? 0,
      baseMw: lengths[2] ?? 0,
    };
    return { message: { kind: 'pass', ...of, hours, region, parts }, floats: [...rows, ...known] };
  });
}
