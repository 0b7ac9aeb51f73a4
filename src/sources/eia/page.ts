import { SourceFaultError } from '../../errors.ts';
import { PAGE_ROWS } from './request.ts';

export interface EiaPage {
  offset: number;
  /** How many rows the whole answer has, as this page says; undefined where it says nothing. */
  total: number | undefined;
  rows: Record<string, unknown>[];
  warnings: string[];
}

/** Some rows come twice, but a reply far longer than what was asked for is not a page. */
const MOST_ROWS = 2 * PAGE_ROWS;
/** Warnings are for people; they are not where a reply may be large. */
const MOST_WARNINGS = 10;
const WARNING_CHARACTERS = 500;

export function pageOf(response: Record<string, unknown>, offset: number): EiaPage {
  const { data, total } = response;
  if (!Array.isArray(data)) throw notAPage('has no rows where they should be');
  if (data.length > MOST_ROWS) throw notAPage(`has ${data.length} rows where ${PAGE_ROWS} were asked for`);
  const nested = data.findIndex((row: unknown) => !isFlat(row));
  if (nested >= 0) throw notAPage(`has lists or objects inside row ${nested + 1}`);
  return {
    offset,
    total: countOf(total),
    rows: data as Record<string, unknown>[],
    warnings: warningsOf(response['warnings'] ?? response['warning']),
  };
}

/** True when rows follow this page by its own account and yet it is not full: it was cut short. */
export function isCutShort({ offset, total, rows }: EiaPage): boolean {
  return total !== undefined && offset + PAGE_ROWS < total && rows.length < PAGE_ROWS;
}

const notAPage = (what: string) => new SourceFaultError(`EIA's reply ${what}.`, 'It is tried again.');

/** Depth is refused here, where it is only looked at: whatever walks down into it runs out of stack. */
function isFlat(row: unknown): boolean {
  if (typeof row !== 'object' || row === null) return true;
  if (Array.isArray(row)) return false;
  for (const name in row) {
    const field = (row as Record<string, unknown>)[name];
    if (typeof field === 'object' && field !== null) return false;
  }
  return true;
}

/** A number, a number as text, or null: EIA has sent all three. */
function countOf(total: unknown): number | undefined {
  if (typeof total !== 'number' && (typeof total !== 'string' || total === '')) return undefined;
  const count = Number(total);
  return Number.isInteger(count) && count >= 0 ? count : undefined;
}

function warningsOf(warnings: unknown): string[] {
  const all: unknown[] = Array.isArray(warnings) ? warnings : [warnings];
  return all.slice(0, MOST_WARNINGS).flatMap((warning) => {
    if (typeof warning === 'string') return [warning.slice(0, WARNING_CHARACTERS)];
    const { warning: name, description } = (warning ?? {}) as { warning?: unknown; description?: unknown };
    const texts = [name, description].filter((text) => typeof text === 'string');
    return texts.length === 0 ? [] : [texts.join(': ').slice(0, WARNING_CHARACTERS)];
  });
}
