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
  /** Rows whose number is too large to compute with, the first few of them. */
  huge: number[];
}

const EXAMPLES = 3;

/** Networks compute in 32 bits, where the square of anything larger is infinite. */
export const LARGEST_MAGNITUDE = 1e18;

export function parseNumbers(texts: readonly string[], decimalComma: boolean): Numbers {
  const result: Numbers = {
    values: new Float64Array(texts.length).fill(Number.NaN),
    missing: 0,
    infinite: 0,
    text: 0,
    textAt: [],
    huge: [],
  };
  for (const [row, text] of texts.entries()) {
    if (MISSING.has(text.toLowerCase())) {
      result.missing++;
      continue;
    }
    const value = Number(decimalComma ? text.replace(',', '.') : text);
    if (Number.isFinite(value) && !/^0[xbo]/i.test(text)) {
      result.values[row] = value;
      if (Math.abs(value) > LARGEST_MAGNITUDE && result.huge.length < EXAMPLES) result.huge.push(row);
    } else if (/^[+-]?inf(inity)?$/i.test(text) || Math.abs(value) === Infinity) result.infinite++;
    else {
      result.text++;
      if (result.textAt.length < EXAMPLES) result.textAt.push(row);
    }
  }
  return result;
}
