import { readFile, writeFile } from 'node:fs/promises';
import { appendAudit } from '../../src/audit/append.ts';
import type { AuditEvent } from '../../src/contracts/audit.ts';
import type { Home } from '../../src/lake/home.ts';

export const LOG = 'audit/log.jsonl';
export const HEAD = 'audit/head.json';

export const event = (number: number, changes: Partial<AuditEvent> = {}): AuditEvent => ({
  at: new Date(Date.UTC(2026, 0, 1) + number).toISOString(),
  who: 'ada',
  identity: 'claimed',
  what: 'promoted',
  subject: 'model/day-ahead',
  why: `better in wint\u00e9r ${number}`,
  from: 'update',
  details: { version: number },
  ...changes,
});

/** With the line that says that it began, the audit has one line more. */
export async function tell(home: Home, count: number): Promise<void> {
  for (let number = 1; number <= count; number++) await appendAudit(home, event(number));
}

export const logOf = (home: Home): Promise<Buffer> => readFile(home.path(LOG));

export async function linesOf(home: Home): Promise<string[]> {
  return (await logOf(home)).toString().split('\n').slice(0, -1);
}

export const writeLines = (home: Home, lines: string[]): Promise<void> =>
  writeFile(home.path(LOG), lines.map((line) => `${line}\n`).join(''));
