import type { JobRecord } from '../src/contracts/jobs.ts';
import type { PipelineResult } from '../src/contracts/pipeline.ts';
import { toDate, toHourStamp } from '../src/contracts/time.ts';
import { readForecast } from '../src/backtest/forecast-file.ts';
import { readManifest, referTo, verifiedPath } from '../src/lake/artifacts.ts';
import type { StageContext } from '../src/stages/context.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../src/temporal/names.ts';
import { DAY_SECONDS, HOUR_SECONDS, isoOf, WEEK_DAYS } from './calendar.ts';
import {
  BAD,
  configOf,
  EFFORTS,
  FORECAST_HOUR,
  HALF_TRAINED,
  MODEL,
  WINDOW_DAYS,
  type Effort,
} from './configuration.ts';
import { Jobs } from './jobs.ts';
import { besideFrozen, demandOf, errorsOf, type Night } from './nights.ts';
import type { Notices } from './notices.ts';
import type { LivedWeek } from './page.ts';
import type { Place } from './place.ts';
import type { Scenario, Week } from './scenario.ts';

export interface YearParts {
  place: Place;
  scenario: Scenario;
  effort: Effort;
  notices: Notices;
  context: StageContext;
  say: (line: string) => void;
}

/** One year in one home. */
export class Year {
  readonly #place: Place;
  readonly #effort: Effort;
  readonly #scenario: Scenario;
  readonly #notices: Notices;
  readonly #context: StageContext;
  readonly #say: (line: string) => void;
  readonly #jobs: Jobs;
  readonly #nights: Night[] = [];
  readonly #weeks: Omit<LivedWeek, 'errors'>[] = [];

  constructor({ place, scenario, effort, notices, context, say }: YearParts) {
    this.#place = place;
    this.#effort = effort;
    this.#scenario = scenario;
    this.#notices = notices;
    this.#context = context;
    this.#say = say;
    this.#jobs = new Jobs(place, configOf(scenario.region, effort), context.signal);
  }

  /** The first champion, by the main job and all that was known a week before the first retrain. Returns its version. */
  async begin(at: number): Promise<number> {
    const { region } = this.#scenario;
    const { first, members, trainDays } = EFFORTS[this.#effort];
    const score = { from: toDate(at - WINDOW_DAYS * DAY_SECONDS), to: toDate(at - DAY_SECONDS) };
    const input = {
      ...{ model: MODEL, regions: [region], from: '2015-07', asOf: toHourStamp(at), score },
      train: {
        from: toDate(at - (WINDOW_DAYS + trainDays) * DAY_SECONDS),
        to: toDate(at - (WINDOW_DAYS + 1) * DAY_SECONDS),
      },
      training: { preset: 'quick', maxSteps: first, budgetMinutes: 30 },
      fit: { members },
      ...{ refit: true, report: false, promote: 'always' },
    };
    this.#say(`the first champion, as of ${toHourStamp(at)}`);
    const run = await this.#place.client.workflow.start(WORKFLOWS.forecastingPipeline, {
      workflowId: workflowIds.pipeline(MODEL, 'first'),
      taskQueue: PIPELINE_QUEUE,
      args: [input],
    });
    const { model } = (await run.result()) as PipelineResult;
    return model.version;
  }

  async live(week: Week, frozen: number): Promise<void> {
    const began = performance.now();
    const events: string[] = [];
    if (week.fault === 'worker-down') await this.#withoutWorker(week, events);
    else await this.#atWork(week, frozen, events);
    const seconds = (performance.now() - began) / 1000;
    this.#weeks.push({ number: week.number, at: week.at, fault: week.fault, events });
    this.#say(`${toHourStamp(week.at)}  ${seconds.toFixed(0)} s  ${events.join('; ')}`);
  }

  async end() {
    const { region, weeks } = this.#scenario;
    const last = weeks.at(-1)!.at;
    const demand = await demandOf(this.#context, region, {
      from: weeks[0]!.at - WEEK_DAYS * DAY_SECONDS,
      to: last,
    });
    const within =
      (at: number) =>
      ({ hour }: Night) =>
        hour <= at && hour > at - WEEK_DAYS * DAY_SECONDS;
    return {
      nights: this.#nights,
      demand,
      jobs: await this.#jobs.records(),
      weeks: this.#weeks.map((week) => ({
        ...week,
        errors: errorsOf(this.#nights.filter(within(week.at)), demand),
      })),
    };
  }

  async #atWork(week: Week, frozen: number, events: string[]): Promise<void> {
    const { archive } = this.#place;
    const down = week.fault === 'source-down';
    const seen = down ? week.at - 2 * DAY_SECONDS : week.at;
    await archive.setClock(isoOf(seen));
    this.#note(events, await this.#jobs.run('scheduledIngestion', seen));
    for (let day = 1; day <= WEEK_DAYS; day++) {
      const midnight = week.at - (WEEK_DAYS - day) * DAY_SECONDS;
      if (midnight > seen) break;
      await this.#night(midnight - 2 * HOUR_SECONDS - (24 - FORECAST_HOUR) * HOUR_SECONDS, frozen, events);
      await this.#jobs.moveClock(midnight);
    }
    if (down) archive.setFaults({ rates: { 'server-error': 1 } });
    this.#note(events, await this.#jobs.run('driftMonitoring', seen));
    await archive.setClock(isoOf(week.at));
    const hurried = week.fault === 'hurried-deployment';
    const changes = hurried ? HALF_TRAINED : week.fault === 'bad-candidate' ? BAD : {};
    const retrain = await this.#jobs.retrain(week.at, changes);
    this.#note(events, retrain);
    if (hurried && retrain.outcome === 'refused') await this.#hurry(week, retrain.version!, events);
    if (down) archive.setFaults({});
    await this.#notices.look(week.at);
  }

  /** Refused, and deployed by hand all the same. */
  async #hurry(week: Week, version: number, events: string[]): Promise<void> {
    events.push(`version ${version} deployed by hand`);
    await this.#jobs.deploy(version, week.at, HALF_TRAINED);
  }

  /** Nothing is done, and what watches the ledger says so day by day. */
  async #withoutWorker(week: Week, events: string[]): Promise<void> {
    await this.#place.stopWorker();
    for (let day = 1; day <= WEEK_DAYS; day++) {
      await this.#notices.look(week.at - (WEEK_DAYS - day) * DAY_SECONDS);
    }
    await this.#place.startWorker();
    events.push('no worker');
  }

  async #night(asOf: number, frozen: number, events: string[]): Promise<void> {
    const record = await this.#jobs.run('scheduledForecast', asOf);
    const uri = record.facts['forecast'];
    if (record.outcome !== 'done' || typeof uri !== 'string') return this.#note(events, record);
    const { home } = this.#context;
    const manifest = await readManifest(home, await referTo(home, uri), 'forecast');
    const rows = await readForecast(await verifiedPath(home, manifest.files[0]!));
    const answered = { issuedAt: rows[0]!.issuedAt, version: record.version!, rows };
    const asked = { model: MODEL, version: frozen, region: this.#scenario.region };
    this.#nights.push(...(await besideFrozen(this.#context, answered, asked)));
  }

  #note(events: string[], { job, outcome, reason }: JobRecord): void {
    const usual = outcome === 'done' && job !== 'retrain' && job !== 'drift';
    if (!usual) events.push(`${job} ${outcome}: ${reason}`);
  }
}
