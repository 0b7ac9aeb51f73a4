import { basename } from 'node:path';
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
  requireOutcomes(options);
  const thresholds = thresholdsOf(options);
  const before = split(await csvColumns(options.reference), options, options.reference);
  const now = split(await csvColumns(options.current), options, options.current);
  const monitor = new ModelMonitor();
  const what = basename(options.current);
  monitor.registerModel(what, before.inputs, { ...before.outcomes, thresholds });
  const found = monitor.examine(what, now.inputs, now.outcomes);
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

/** What came is judged beside what was said, and a column is one of them. */
function requireOutcomes({ predictions, actuals, labels }: DriftFlags): void {
  const came = actuals ?? labels;
  if (came === undefined) return;
  const flag = actuals === undefined ? 'labels' : 'actuals';
  if (predictions === undefined) {
    throw new BadInputError(
      `--${flag} alone says nothing of a model.`,
      'Name the column of what it said, too: --predictions.',
    );
  }
  if (predictions !== came) return;
  throw new BadInputError(
    `--predictions and --${flag} both name ${quoted(came)}.`,
    'Name a column for each.',
  );
}

/** Inputs, and what was said and came of them. */
function split(columns: Columns, { predictions, actuals, labels }: DriftFlags, file: string) {
  const take = (name: string | undefined) => {
    if (name === undefined) return undefined;
    if (Object.hasOwn(columns, name)) return columns[name];
    throw new BadInputError(
      `${file} has no column ${quoted(name)}.`,
      `It has ${Object.keys(columns).slice(0, 40).join(', ')}.`,
    );
  };
  const outcomes = {
    predictions: take(predictions) as number[] | undefined,
    actuals: take(actuals) as number[] | undefined,
    labels: take(labels) as string[] | undefined,
  };
  const isOutcome = (name: string) => [predictions, actuals, labels].includes(name);
  const inputs = Object.entries(columns).filter(([name]) => !isOutcome(name));
  if (inputs.length === 0) {
    throw new BadInputError(
      `${file} has no column beside what was said and what came.`,
      'Give the inputs, too; two files of one column are compared without --predictions.',
    );
  }
  if (inputs.every(([, values]) => values.every((value) => value === null))) {
    throw new BadInputError(`${file} holds no value: every cell is empty.`, 'Give a file with values.');
  }
  return { inputs: Object.fromEntries(inputs), outcomes };
}
