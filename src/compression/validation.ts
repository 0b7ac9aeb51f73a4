import { weighingDays } from '../contracts/forecasters.ts';
import { firstHourOf, HOUR_SECONDS, lastHourOf } from '../contracts/time.ts';
import { detailsOf } from '../backtest/dataset.ts';
import { firstIssueFrom, issuesOf, type IssueTable } from '../day-ahead/issue-table.ts';
import { readIssueTable } from '../day-ahead/read.ts';
import { MissingDataError } from '../errors.ts';
import { isKnown, issuesKnownBy, PUBLICATION_DELAY } from '../forecasters/cells.ts';
import type { Home } from '../lake/home.ts';
import type { Parent } from './parent.ts';

const DAY = 86_400;

/** Seconds since 1970. */
export interface Period {
  from: number;
  to: number;
}

/** A region's issues that a smaller network is judged on, and which of their hours count. */
export interface Judged {
  table: IssueTable;
  counts(cell: number): boolean;
  /** Of any hour, by its end. */
  open(validAt: number): boolean;
}

/**
 * The days that the version's members were weighed on, which its network was not trained on. Of a network alone, for
 * which none were set apart, the last of those that it was trained on.
 */
export function validationOf({ forecasters, sequences }: Parent): Period {
  const fitted = forecasters.at(0)?.details.ensemble.validation;
  if (fitted) return fitted;
  const { train } = detailsOf(sequences.manifest);
  const to = lastHourOf(train.to) + PUBLICATION_DELAY;
  const days = Math.max(1, weighingDays((to - firstHourOf(train.from)) / DAY, { validationDays: 365 }));
  return { from: to - days * DAY, to };
}

/** Those issues, less the hours that the version's published scores are of. */
export async function judgedIssues(home: Home, parent: Parent, region: string): Promise<Judged> {
  const { from, to } = validationOf(parent);
  const whole = await readIssueTable(home, parent.sequences.manifest, region);
  const table = issuesOf(whole, { from: firstIssueFrom(whole, from), to: issuesKnownBy(whole, to) });
  const { score } = parent.scored;
  const published = { from: firstHourOf(score.from), to: lastHourOf(score.to) };
  const open = (validAt: number) =>
    validAt + PUBLICATION_DELAY <= to && !(validAt >= published.from && validAt <= published.to);
  const counts = (cell: number) => open(table.validAt[cell]!) && isKnown(table, cell, to);
  if (Array.from(table.validAt.keys()).some(counts)) return { table, counts, open };
  throw new MissingDataError(
    `${region} has no validation hours (${spelled(from)} to ${spelled(to)}) that the version's scores are not of.`,
    'Compress a version that was fitted with validation days of its own.',
  );
}

const spelled = (seconds: number) => new Date((seconds - HOUR_SECONDS) * 1000).toISOString().slice(0, 10);
