import type { JsonCursor } from './json-cursor.ts';
import { readNumber } from './json-numbers.ts';

/** Steps over the value here, whatever it is, so long as it is JSON. */
export function skipValue(cursor: JsonCursor): void {
  switch (cursor.type()) {
    case 'Array':
      cursor.list(() => skipValue(cursor));
      return;
    case 'Object':
      cursor.object(() => skipValue(cursor));
      return;
    case 'String':
      cursor.string();
      return;
    case 'Number':
      readNumber(cursor, true);
      return;
    default:
      cursor.word();
  }
}
