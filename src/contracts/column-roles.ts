/**
 * What columns of issue tables tell, and which of it each learner reads: the one place that decides, for ridge, trees
 * and the network alike. Settings name columns, so it stands with the contracts.
 */
export const COLUMN_ROLES = [
  'trend',
  'date',
  'summer time',
  'kind of day',
  'past demand',
  'past days',
  'year ago',
  'operator',
  'operator days',
  'operator day ahead',
  'weather',
] as const;
export type ColumnRole = (typeof COLUMN_ROLES)[number];

const TREND = ['years'];
const DATES = ['year_sin_1', 'year_cos_1', 'year_sin_2', 'year_cos_2'];

interface Column {
  name: string;
  group: string;
  /** One hour of a whole day's profile. */
  profile?: true | undefined;
}

export function roleOf({ name, group, profile }: Column): ColumnRole {
  switch (group) {
    case 'calendar':
      if (TREND.includes(name)) return 'trend';
      if (DATES.includes(name)) return 'date';
      return name.startsWith('summer_time') ? 'summer time' : 'kind of day';
    case 'operator':
      if (!profile) return 'operator';
      return /^operator_day_\d/.test(name) ? 'operator day ahead' : 'operator days';
    case 'weather':
      return 'weather';
    case 'yearly':
      return name.startsWith('year_ago') ? 'year ago' : 'past demand';
    default:
      return profile ? 'past days' : 'past demand';
  }
}

export type Learner = 'ridge' | 'trees' | 'network';

interface NotRead {
  /** Whatever is learnt. */
  ever: readonly ColumnRole[];
  /**
   * Where the operator's relative errors are learnt: they hardly know seasons, and what is known of them says more than
   * what demand was like.
   */
  ofErrors: readonly ColumnRole[];
}

const NOT_READ: Record<Learner, NotRead> = {
  // Told of seasons and of past demand too it erred 2 % more in 2018, in four regions of five.
  ridge: {
    ever: [],
    ofErrors: ['trend', 'date', 'summer time', 'past demand', 'past days', 'year ago', 'operator day ahead'],
  },
  // 24 columns that say nearly the same suit models that are linear in them.
  trees: { ever: ['past days', 'operator days', 'operator day ahead'], ofErrors: [] },
  // A trend that is learnt is one that is believed to go on. Its direct path is linear and errs 3 % more with these.
  network: {
    ever: ['trend'],
    ofErrors: ['date', 'summer time', 'past days', 'year ago', 'operator day ahead'],
  },
};

/** What ridge and trees do not see beside that unless their settings say otherwise: by a date alone trees learn single weeks by heart. */
export const WITHOUT = { ridge: TREND, trees: [...TREND, ...DATES] };

/** The columns that a learner reads, as places among all of them. */
export function columnsReadBy(learner: Learner, columns: readonly Column[]): number[] {
  const { ever, ofErrors } = NOT_READ[learner];
  const isOfErrors = columns.some(({ group }) => group === 'operator');
  const left = new Set(isOfErrors ? [...ever, ...ofErrors] : ever);
  return [...columns.keys()].filter((i) => !left.has(roleOf(columns[i]!)));
}
