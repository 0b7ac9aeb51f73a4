import { STATIC_TABLE } from './static-table.ts';

/** Tells the other side that no table is kept here, as it must be told when it wants one smaller than usual. */
export const NO_TABLE = Buffer.of(0x20);

/** Where fields, and names alone, stand in the table; of several the first. */
const FIELDS = new Map(STATIC_TABLE.map(([name, value], i) => [`${name}\0${value}`, i + 1]));
const NAMES = new Map(STATIC_TABLE.map(([name], i) => [name, i + 1] as const).toReversed());

/**
 * Header fields as literals that no table keeps (RFC 7541, section 6.2.2): a block then depends on none before it, and
 * what all answers have in common is made once.
 */
export function encodeFields(fields: Readonly<Record<string, string | number>>): Buffer {
  // Octets as letters of Latin-1: one text is put together faster than many small buffers.
  let block = '';
  for (const name in fields) block += field(name, String(fields[name]));
  return Buffer.from(block, 'latin1');
}

function field(name: string, value: string): string {
  const whole = FIELDS.get(`${name}\0${value}`);
  if (whole !== undefined) return integer(0x80, 7, whole);
  const named = NAMES.get(name);
  return named === undefined
    ? integer(0, 4, 0) + text(name) + text(value)
    : integer(0, 4, named) + text(value);
}

const text = (value: string): string => integer(0, 7, value.length) + value;

function integer(flags: number, bits: number, value: number): string {
  const most = (1 << bits) - 1;
  if (value < most) return String.fromCharCode(flags | value);
  let octets = String.fromCharCode(flags | most);
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets += String.fromCharCode((rest % 128) | 0x80);
  return octets + String.fromCharCode(rest);
}
