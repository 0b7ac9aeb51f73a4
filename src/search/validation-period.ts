import { HOUR_SECONDS, firstHourOf, lastHourOf, toDate, type DateRange } from '../contracts/time.ts';
import { BadInputError } from '../errors.ts';

const DAY_SECONDS = 24 * HOUR_SECONDS;
const YEAR_DAYS = 365;

export interface Periods {
  /** What trials are trained on: all that is known before the validation. */
  train: DateRange;
  validation: DateRange;
}

/**
 * Splits the hours that may be trained on into those that trials learn from and the later ones that they are scored
 * on. The hours that sequences were cut to score are never looked at: a search that saw them would choose by them.
 */
export function validationPeriods(of: { known: DateRange; scored: DateRange; asked?: DateRange }): Periods {
  const { known, scored, asked } = of;
  const validation = asked ?? lastPartOf(known);
  const [starts, ends] = [firstHourOf(validation.from), lastHourOf(validation.to)];
  if (starts > ends) {
    throw new BadInputError(
      `The validation period ${validation.from} to ${validation.to} is empty.`,
      'Swap its ends.',
    );
  }
  if (ends >= firstHourOf(scored.from) && starts <= lastHourOf(scored.to)) {
    throw new BadInputError(
      `The validation period ${validation.from} to ${validation.to} overlaps what the sequences score (${scored.from} to ${scored.to}): a search must not see it.`,
      'Validate on earlier hours, or cut sequences that score later ones.',
    );
  }
  // Whatever lies before the validation is trained on: after the training period that could be what is scored.
  if (ends > lastHourOf(known.to)) {
    throw new BadInputError(
      `The validation period ${validation.from} to ${validation.to} does not end within the training period of the sequences, ${known.from} to ${known.to}.`,
      'Validate on a part of it, best the last, or leave --validation out.',
    );
  }
  const train = { from: known.from, to: dayBefore(validation.from) };
  if (firstHourOf(train.from) < starts) return { train, validation };
  throw new BadInputError(
    `Nothing is left to train on before the validation begins (${validation.from}; the training period begins at ${known.from}).`,
    'Validate on a later part of the training period.',
  );
}

/** A year, so that every season counts; a quarter where that would leave less than a year to learn from. */
function lastPartOf({ from, to }: DateRange): DateRange {
  const [first, last] = [firstHourOf(from), lastHourOf(to)];
  const days = Math.floor((last - first) / DAY_SECONDS) + 1;
  const part = days >= 2 * YEAR_DAYS ? YEAR_DAYS : Math.max(1, Math.floor(days / 4));
  return { from: toDate(last - part * DAY_SECONDS), to };
}

function dayBefore(bound: string): string {
  return toDate(firstHourOf(bound) - HOUR_SECONDS - DAY_SECONDS);
}
