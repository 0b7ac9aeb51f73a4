const NOTHING = /^[-–]?$/;
const NUMBER = /^[-+−<>≤≥~]?[\d.]/;

/** Words begin at the left, in the first column always; a column counts as one of numbers where most of its cells are. */
function isOfWords(cells: readonly string[], column: number): boolean {
  const said = cells.filter((cell) => !NOTHING.test(cell));
  return column === 0 || said.filter((cell) => NUMBER.test(cell)).length < said.length / 2;
}

/** Columns as wide as they need to be; words to the left, numbers to the right. */
export function table(header: string[], rows: string[][]): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const words = header.map((_, column) =>
    isOfWords(
      rows.map((row) => row[column] ?? ''),
      column,
    ),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, column) =>
        words[column] ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Name and value, the values aligned to the left. */
export function pairs(facts: Record<string, unknown>): string {
  const width = Math.max(0, ...Object.keys(facts).map((name) => name.length));
  return Object.entries(facts)
    .map(([name, value]) => `${name.padEnd(width)}  ${value === null ? '-' : String(value)}`)
    .join('\n');
}
