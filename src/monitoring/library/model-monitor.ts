import { driftThresholds, type DriftThresholds } from '../../contracts/drift.ts';
import { BadInputError, describeIssues } from '../../errors.ts';
import type { EnergyTest } from '../statistics/energy-distance.ts';
import type { PageHinkley } from '../statistics/page-hinkley.ts';
import { DEFAULT_BINS } from '../statistics/bins.ts';
import {
  columnAlert,
  conceptAlerts,
  hasDrifted,
  jointAlert,
  performanceAlerts,
  type DriftAlert,
} from './alerts.ts';
import { compareResiduals, errorStream, type ResidualDrift } from './concept.ts';
import { compareColumns, type FeatureDrift } from './feature-drift.ts';
import { compareJointly } from './joint-drift.ts';
import { judgedOf, residualsOf, type Judged, type Outcomes } from './outcomes.ts';
import { measured, type Scores, type ScoresWithErrors } from './performance.ts';
import { alike, columnOf, tableOf, type Column, type Table, type TableInput } from './table.ts';

export interface MonitorOptions extends Outcomes {
  /** Names of the columns, where the reference is rows. */
  features?: readonly string[];
  /** Default: PSI 0.25, p 0.05, accuracy drop 0.05, F1 drop 0.1. */
  thresholds?: Partial<DriftThresholds>;
  /** What the model scored, where its predictions of the reference are not at hand. */
  baseline?: Scores;
  /** Of the population stability index; default 10. */
  bins?: number;
  /** Of permutations and resampled rows; default 0. */
  seed?: number | string;
}

/** All that one look measured; `alerts` is what of it is beyond the thresholds. */
export interface DriftExamination {
  alerts: DriftAlert[];
  features: FeatureDrift[];
  /** All numeric columns at once; null where there are fewer than two. */
  joint: EnergyTest | null;
  prediction: FeatureDrift | null;
  scores: { before: Scores; now: Scores } | null;
  residuals: ResidualDrift[];
  errorStream: PageHinkley | null;
}

interface Registered {
  table: Table;
  limits: DriftThresholds;
  predictions: Column | undefined;
  judged: Judged | null;
  scored: ScoresWithErrors | undefined;
  bins: number;
  seed: number | string;
}

/** Watches models by what they were registered with. Rows are taken as independent; see docs/drift.md for series. */
export class ModelMonitor {
  readonly #models = new Map<string, Registered>();

  /** A model registered again under its name has the new reference from then on. */
  registerModel(name: string, reference: TableInput, options: MonitorOptions = {}): void {
    const { features, bins = DEFAULT_BINS, seed = 0, baseline, predictions } = options;
    const limits = driftThresholds.safeParse(options.thresholds ?? {});
    if (!limits.success) {
      throw new BadInputError(
        `The thresholds of ${name} are not right (${describeIssues(limits.error.issues)}).`,
        'Give numbers in their ranges.',
      );
    }
    const what = `the reference of ${name}`;
    const table = tableOf(reference, what, features);
    const judged = judgedOf(options, table.rows);
    const given = baseline && { scores: baseline, errors: { accuracy: 0, f1: 0 } };
    this.#models.set(name, {
      ...{ table, judged, bins, seed, limits: limits.data },
      predictions: predictions && columnOf('prediction', predictions, what),
      scored: given ?? (judged ? measured(judged, seed) : undefined),
    });
  }

  /** Alerts, none where nothing drifted. Rows in the order of time, where predictions and outcomes are given. */
  detectDrift(name: string, data: TableInput, outcomes: Outcomes = {}): DriftAlert[] {
    return this.examine(name, data, outcomes).alerts;
  }

  /** The same with every figure behind it. */
  examine(name: string, data: TableInput, outcomes: Outcomes = {}): DriftExamination {
    const known = this.#models.get(name);
    if (!known) {
      const names = [...this.#models.keys()];
      throw new BadInputError(
        `No model ${name} is registered here.`,
        names.length > 0 ? `Registered are ${names.join(', ')}.` : 'Call registerModel first.',
      );
    }
    const { limits, bins, seed } = known;
    const what = `the data of ${name}`;
    const names = known.table.columns.map((column) => column.name);
    const table = alike(tableOf(data, what, Array.isArray(data) ? names : undefined), known.table, what);
    const judged = judgedOf(outcomes, table.rows);
    const features = compareColumns(known.table.columns, table.columns, bins);
    const joint = compareJointly(known.table, table, seed);
    const said = outcomes.predictions && columnOf('prediction', outcomes.predictions, what);
    const prediction =
      known.predictions && said ? (compareColumns([known.predictions], [said], bins)[0] ?? null) : null;
    const now = judged && known.scored ? measured(judged, seed) : null;
    const [were, are] = [known.judged && residualsOf(known.judged), judged && residualsOf(judged)];
    const residuals =
      were && are
        ? compareResiduals(
            { columns: known.table.columns, residuals: were },
            { columns: table.columns, residuals: are },
            bins,
          )
        : [];
    const stream = were && are ? errorStream(were, are) : null;
    return {
      alerts: [
        ...features.filter((one) => hasDrifted(one, limits)).map((one) => columnAlert('data', one)),
        ...jointAlert(joint),
        ...(prediction && hasDrifted(prediction, limits) ? [columnAlert('prediction', prediction)] : []),
        ...(now ? performanceAlerts(known.scored!, now, limits) : []),
        ...(stream ? conceptAlerts(residuals, stream) : []),
      ],
      ...{ features, joint, prediction, residuals, errorStream: stream },
      scores: now ? { before: known.scored!.scores, now: now.scores } : null,
    };
  }
}
