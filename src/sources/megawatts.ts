/** Larger than any region's value by far (the whole of the United States peaks at some 0.75 million MW). */
const MOST_MEGAWATTS = 1e7;

/** What a source writes: no hexadecimal, no exponent, nothing that only `Number` takes for a number. */
const PLAIN = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;

/** MW of a number or of a plain decimal as text, blanks around it allowed; undefined for all else. */
export function megawattsOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && PLAIN.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Math.abs(number) < MOST_MEGAWATTS ? number : undefined;
}
