import { parseArgs } from 'node:util';
import { regionCode, type RegionCode } from '../src/contracts/regions.ts';
import { BadInputError } from '../src/errors.ts';
import type { Effort } from './configuration.ts';

export const USAGE = `simulate year [--weeks N] [--region CODE] [--home FOLDER] [--page FILE] [--json]

Lives through 2019 week by week: the archive server shows what was published by then, and the real workflows ingest,
forecast, look for drift, retrain, deploy and roll back, while a worker, the source and candidates fail as planned.
  --weeks N      of 2019, from its first Sunday (default 52)
  --region CODE  default CISO, whose operator's forecast went wrong early in 2019
  --home FOLDER  keeps what was made; it must be empty or new (default: a temporary one, removed)
  --page FILE    where the year is drawn (default .ringwatt/reports/simulated-year.html)
  --json         one JSON object on stdout; what happens is told on stderr in any case
`;

const MOST_WEEKS = 52;
const FEWEST_WEEKS = 4;

export interface YearOptions {
  weeks: number;
  effort: Effort;
  region: RegionCode;
  home: string | undefined;
  page: string;
}

export function parseOptions(args: readonly string[]): YearOptions & { json: boolean; help: boolean } {
  const { values, positionals } = parse(args);
  if (!values.help && (positionals.length !== 1 || positionals[0] !== 'year')) {
    throw new BadInputError(
      `${positionals.length === 0 ? 'Nothing' : `"${positionals.join(' ')}"`} cannot be simulated.`,
      'Simulate a year: `simulate year`.',
    );
  }
  const weeks = Number(values.weeks ?? MOST_WEEKS);
  if (!Number.isInteger(weeks) || weeks < FEWEST_WEEKS || weeks > MOST_WEEKS) {
    throw new BadInputError(
      `--weeks ${values.weeks} cannot be simulated.`,
      `Give a number from ${FEWEST_WEEKS} to ${MOST_WEEKS}.`,
    );
  }
  const region = regionCode.safeParse(values.region);
  if (!region.success) {
    throw new BadInputError(
      `--region ${values.region} is not known.`,
      `Give one of ${regionCode.options.join(', ')}.`,
    );
  }
  const { home, page, json, help } = values;
  return { weeks, effort: 'whole', region: region.data, home, page, json, help };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        weeks: { type: 'string' },
        region: { type: 'string', default: 'CISO' },
        home: { type: 'string' },
        page: { type: 'string', default: '.ringwatt/reports/simulated-year.html' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new BadInputError(`${(error as Error).message.split('.')[0]}.`, 'See `simulate --help`.');
  }
}
