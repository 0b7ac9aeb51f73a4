import { SourceFaultError } from '../../errors.ts';
import { PAGE_ROWS } from './request.ts';

export interface EiaPage {
  offset: number;
  /** How many rows the whole answer has, as this page says; undefined where it says nothing. */
  total: number | undefined;
  rows: Record<string, unknown>[];
  warnings: string[];
}

export function pageOf(response: Record<string, unknown>, offset: number): EiaPage {
  const { data, total } = response;
  if (!Array.isArray(data)) {
    throw new SourceFaultError("EIA's reply has no rows where they should be.", 'It is tried again.');
  }
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

/** A number, a number as text, or null: EIA has sent all three. */
function countOf(total: unknown): number | undefined {
  if (total === null || total === undefined || total === '') return undefined;
  const count = Number(total);
  return Number.isInteger(count) && count >= 0 ? count : undefined;
}

function warningsOf(warnings: unknown): string[] {
  return [warnings].flat().flatMap((warning: unknown) => {
    if (typeof warning === 'string') return [warning];
    const { warning: name, description } = (warning ?? {}) as { warning?: unknown; description?: unknown };
    return name === undefined && description === undefined ? [] : [`${String(name)}: ${String(description)}`];
  });
}
