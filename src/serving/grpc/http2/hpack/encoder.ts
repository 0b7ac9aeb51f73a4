import { STATIC_TABLE } from './static-table.ts';

/** Tells the other side that no table is kept here, as it must be told when it wants one smaller than usual. */
export const NO_TABLE = Buffer.of(0x20);

/**
 * Header fields as literals that no table keeps (RFC 7541, section 6.2.2): a block then depends on none before it, and
 * what all answers have in common is made once.
 */
export function encodeFields(fields: Readonly<Record<string, string | number>>): Buffer {
  return Buffer.concat(Object.entries(fields).flatMap(([name, value]) => encodeField(name, String(value))));
}

function encodeField(name: string, value: string): Buffer[] {
  const whole = STATIC_TABLE.findIndex((entry) => entry[0] === name && entry[1] === value);
  if (whole >= 0) return [integer(0x80, 7, whole + 1)];
  const named = STATIC_TABLE.findIndex((entry) => entry[0] === name);
  return [integer(0, 4, named + 1), ...(named < 0 ? text(name) : []), ...text(value)];
}

function text(value: string): Buffer[] {
  const bytes = Buffer.from(value, 'latin1');
  return [integer(0, 7, bytes.length), bytes];
}

function integer(flags: number, bits: number, value: number): Buffer {
  const most = (1 << bits) - 1;
  if (value < most) return Buffer.of(flags | value);
  const octets = [flags | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 0x80);
  octets.push(rest);
  return Buffer.from(octets);
}
