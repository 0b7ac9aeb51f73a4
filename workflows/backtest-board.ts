import { setCurrentDetails } from '@temporalio/workflow';
import {
  unitAt,
  unitCount,
  type BacktestProgress,
  type MergeResult,
  type RollingBacktestInput,
  type RollingPlan,
  type UnitNews,
} from '../src/contracts/rolling-backtest.ts';
import { duration, table } from './markdown.ts';

/** What a backtest knows of its fits when it continues as new; what is done, the home says. */
export interface CarriedBacktest {
  paused: boolean;
  /** Fits that were there before the first run. */
  reused: number;
  pace: Record<string, { fits: number; seconds: number }>;
}

/** The table that the UI and the queries show: how many fits are done, and how long they take. */
export class BacktestBoard {
  private readonly input: RollingBacktestInput;
  private state: BacktestProgress['state'] = 'planning';
  private plan: RollingPlan | undefined;
  private readonly missing = new Set<number>();
  private reused: number | undefined;
  private readonly pace: CarriedBacktest['pace'];
  private paused = false;
  private closing = '';

  constructor(input: RollingBacktestInput, carried?: CarriedBacktest) {
    this.input = input;
    this.reused = carried?.reused;
    this.pace = carried?.pace ?? {};
  }

  learn(plan: RollingPlan): void {
    this.plan = plan;
    for (const unit of plan.missing) this.missing.add(unit);
    this.reused ??= this.total - this.missing.size;
    this.enter('fitting');
  }

  /** One fit is done; what is heard twice counts once. */
  hear({ unit, seconds }: UnitNews): void {
    if (!this.plan || !this.missing.delete(unit)) return;
    const { forecaster } = unitAt(unit, this.input, this.plan);
    const known = this.pace[forecaster] ?? { fits: 0, seconds: 0 };
    this.pace[forecaster] = { fits: known.fits + 1, seconds: known.seconds + seconds };
    this.describe(this.paused);
  }

  enter(state: BacktestProgress['state']): void {
    this.state = state;
    this.describe(this.paused);
  }

  close({ model, scores }: MergeResult, report: string): void {
    const columns = [...new Set(scores.flatMap(({ mape }) => Object.keys(mape)))];
    const rows = scores.map(({ region, mape, coverage }) => [
      region,
      ...columns.map((name) => mape[name]?.toFixed(2) ?? '–'),
      coverage['0.8'] === undefined ? '–' : (100 * coverage['0.8']).toFixed(1),
    ]);
    this.closing = [
      table(['MAPE %', ...columns.map((name) => (name === 'model' ? model : name)), '80 % covers'], rows),
      `Report: \`${report}\``,
    ].join('\n\n');
    this.enter('done');
  }

  carry(paused: boolean): CarriedBacktest {
    return { paused, reused: this.reused ?? 0, pace: this.pace };
  }

  get total(): number {
    return this.plan ? unitCount(this.plan, this.input) : 0;
  }

  get reusedUnits(): number {
    return this.reused ?? 0;
  }

  progress(): BacktestProgress {
    return {
      state: this.state,
      paused: this.paused,
      stretches: this.plan?.stretches.length ?? 0,
      issues: this.plan?.issues ?? 0,
      units: this.total,
      done: this.total - this.missing.size,
      reused: this.reusedUnits,
      secondsLeft: this.secondsLeft(),
    };
  }

  /** As long as each forecaster's fits took so far; null while one has not been fitted yet. */
  private secondsLeft(): number | null {
    if (!this.plan) return null;
    let seconds = 0;
    for (const unit of this.missing) {
      const known = this.pace[unitAt(unit, this.input, this.plan).forecaster];
      if (!known) return null;
      seconds += known.seconds / known.fits;
    }
    return Math.round(seconds / this.input.atOnce);
  }

  describe(paused: boolean): void {
    this.paused = paused;
    const { state, done, units, reused, stretches, issues, secondsLeft: left } = this.progress();
    const head = `**${this.input.name}: ${state}${paused ? ', paused' : ''}${units ? `, ${done} of ${units} fits` : ''}**`;
    const facts = table(
      ['stretches', 'issues', 'fits there before', 'time left'],
      [[`${stretches}`, `${issues}`, `${reused}`, left === null ? '–' : duration(left)]],
    );
    const paces = Object.entries(this.pace).map(([name, { fits, seconds }]) => [
      name,
      `${fits}`,
      duration(seconds / fits),
    ]);
    const parts = [
      head,
      units ? facts : '',
      paces.length ? table(['forecaster', 'fits', 'each'], paces) : '',
    ];
    setCurrentDetails([...parts, this.closing].filter((part) => part !== '').join('\n\n'));
  }
}
