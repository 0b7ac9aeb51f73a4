/** What is written for "no value" in public data. */
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', 'missing', 'empty', '-', '?']);

export interface Numbers {
  /** NaN where there is no number. */
  values: Float64Array;
  missing: number;
  infinite: number;
  /** Rows that hold something else, the first few of them. */
  text: number;
  textAt: number[];
}

const EXAMPLES = 3;

export function parseNumbers(texts: readonly string[], decimalComma: boolean): Numbers {
  const result: Numbers = {
    values: new Float64Array(texts.length).fill(Number.NaN),
    missing: 0,
    infinite: 0,
    text: 0,
    textAt: [],
  };
  for (const [row, text] of texts.entries()) {
    if (MISSING.has(text.toLowerCase())) {
      result.missing++;
      continue;
    }
    const value = Number(decimalComma ? text.replace(',', '.') : text);
    if (Number.isFinite(value) && !/^0[xbo]/i.test(text)) result.values[row] = value;
    else if (/^[+-]?inf(inity)?$/i.test(text) || Math.abs(value) === Infinity) result.infinite++;
    else {
      result.text++;
      if (result.textAt.length < EXAMPLES) result.textAt.push(row);
    }
  }
  return result;
}
