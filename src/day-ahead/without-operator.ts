import { BadInputError } from '../errors.ts';
import type { IssueTable } from './issue-table.ts';

/** The mean of the last week, to the base: what a forecast starts from that is told nothing of the operator's. */
const LEVEL = 'level_7d';

export const hasOperator = ({ columns }: Pick<IssueTable, 'columns'>) =>
  columns.some(({ group }) => group === 'operator');

/** The table as it would be if the operator had said nothing: based on the level of the last week, without its columns. */
export function withoutOperator(table: IssueTable): IssueTable {
  const { columns, features, base } = table;
  const level = columns.findIndex(({ name }) => name === LEVEL);
  if (level < 0) {
    throw new BadInputError(
      `The table of ${table.region} has no column ${LEVEL}.`,
      'Cut the sequences again with this version of Ringwatt.',
    );
  }
  const kept = Int32Array.from([...columns.keys()].filter((c) => columns[c]!.group !== 'operator'));
  const toBase = Uint8Array.from(kept, (c) => Number(columns[c]!.toBase ?? false));
  const width = columns.length;
  const cut = new Float32Array(base.length * kept.length);
  for (let cell = 0; cell < base.length; cell++) {
    const [from, to] = [cell * width, cell * kept.length];
    const moved = features[from + level]!;
    for (let i = 0; i < kept.length; i++) {
      const value = features[from + kept[i]!]!;
      cut[to + i] = toBase[i] === 1 ? value - moved : value;
    }
  }
  return {
    ...table,
    columns: Array.from(kept, (c) => columns[c]!),
    features: cut,
    base: base.map((mw, cell) => mw * Math.exp(features[cell * width + level]!)),
  };
}
