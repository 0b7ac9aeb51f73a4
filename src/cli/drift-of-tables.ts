import { BadInputError, quoted } from '../errors.ts';
import { thresholdsOf, type DriftFlags } from './drift-flags.ts';
import type { Answer } from './session.ts';
import { table } from './table.ts';

type Columns = Record<string, (number | string | null)[]>;

const HEADER = ['column', 'test', 'PSI', 'by chance', 'statistic', 'p adjusted', 'effect'];
/** What belongs to models of the grid. */
const OF_MODELS = ['modelVersion', 'regions', 'asOf', 'windowDays', 'grid', 'html', 'errorGrowth'] as const;

/** Two tables of any data, by the library: rows are independent, in the order of time where there are outcomes. */
export async function compareTables(options: DriftFlags, name: string | undefined): Promise<Answer> {
  const stray = name ?? OF_MODELS.find((flag) => options[flag] !== undefined);
  if (stray !== undefined) {
    throw new BadInputError(
      `${name === undefined ? `--${stray.replace(/[A-Z]/g, (x) => `-${x.toLowerCase()}`)}` : quoted(stray)} is of a model of the grid.`,
      'Leave it out, or leave --reference and --current out.',
    );
  }
  if (options.reference === undefined || options.current === undefined) {
    throw new BadInputError('One file alone has nothing to differ from.', 'Give --reference and --current.');
  }
  const [{ csvColumns }, { ModelMonitor }] = await Promise.all([
    import('../monitoring/library/csv-columns.ts'),
    import('../monitoring/index.ts'),
  ]);
  const [reference, current] = [await csvColumns(options.reference), await csvColumns(options.current)];
  const monitor = new ModelMonitor();
  const thresholds = thresholdsOf(options);
  const [before, now] = [split(reference, options), split(current, options)];
  monitor.registerModel('reference', before.inputs, { ...before.outcomes, thresholds });
  const found = monitor.examine('reference', now.inputs, now.outcomes);
  const rows = [...found.features, ...(found.prediction ? [found.prediction] : [])].map((one) => [
    one.feature,
    one.test,
    ...[one.psi, one.psiNoise, one.statistic].map((value) => value.toFixed(3)),
    one.adjustedP.toPrecision(2),
    `${one.effects[0]!.name} ${one.effects[0]!.size.toFixed(3)}`,
  ]);
  const { joint, scores } = found;
  return {
    json: found,
    text: [
      ...(found.alerts.length === 0
        ? ['Nothing has drifted.']
        : found.alerts.map(({ severity, kind, message }) => `${severity}, ${kind}: ${message}`)),
      '',
      table(HEADER, rows),
      ...(joint
        ? [
            `all columns together: energy coefficient ${joint.coefficient.toFixed(3)}, p ${joint.p.toPrecision(2)}`,
          ]
        : []),
      ...(scores
        ? [`accuracy ${scores.before.accuracy.toFixed(3)} before, ${scores.now.accuracy.toFixed(3)} now`]
        : []),
    ],
  };
}

/** Inputs, and what was said and came of them. */
function split(columns: Columns, { predictions, actuals, labels }: DriftFlags) {
  const take = (name: string | undefined) => {
    if (name === undefined) return undefined;
    const column = columns[name];
    if (column) return column;
    throw new BadInputError(
      `There is no column ${quoted(name)}.`,
      `There are ${Object.keys(columns).join(', ')}.`,
    );
  };
  const isOutcome = (name: string) => [predictions, actuals, labels].includes(name);
  return {
    inputs: Object.fromEntries(Object.entries(columns).filter(([name]) => !isOutcome(name))),
    outcomes: {
      predictions: take(predictions) as number[] | undefined,
      actuals: take(actuals) as number[] | undefined,
      labels: take(labels) as string[] | undefined,
    },
  };
}
