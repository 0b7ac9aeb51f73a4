import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { JobRecord } from '../src/contracts/jobs.ts';
import type { PipelineResult } from '../src/contracts/pipeline.ts';
import { retrainingConfig, type RetrainingConfig } from '../src/contracts/retraining.ts';
import { toHourStamp } from '../src/contracts/time.ts';
import { readForecast } from '../src/backtest/forecast-file.ts';
import { readManifest, referTo, verifiedPath } from '../src/lake/artifacts.ts';
import type { StageContext } from '../src/stages/context.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../src/temporal/names.ts';
import { DAY_SECONDS, HOUR_SECONDS, WEEK_DAYS } from './calendar.ts';
import { Jobs } from './jobs.ts';
import { besideFrozen, demandOf, errorsOf, stageContext, type Night } from './nights.ts';
import type { YearOptions } from './options.ts';
import { renderYear, type LivedWeek } from './page.ts';
import { Place } from './place.ts';
import { Notices } from './notices.ts';
import { startReceivers } from './receivers.ts';
import { countRetrains, type YearResult } from './result.ts';
import { scenarioOf, type Scenario, type Week } from './scenario.ts';

const MODEL = 'day-ahead';
/** The first Sunday of 2019, at the hour at which a retrain is due. */
const FIRST_RETRAIN = Date.parse('2019-01-06T02:00Z') / 1000;
/** After the issue hour of every region. */
const FORECAST_HOUR = 19;
const TRAIN_DAYS = 913;
const WINDOW_DAYS = 28;
/** Of a run that goes on from the champion's weights. */
const WARM_STEPS = 20;
const FIRST_STEPS = 200;

/** Weekly retrains on four weeks that need no approval; the crons are when the simulation does things. */
const configOf = ({ region }: Scenario): RetrainingConfig =>
  retrainingConfig.parse({
    ...{ model_name: MODEL, regions: [region], preset: 'quick', auto_deploy: true },
    ...{ train_days: TRAIN_DAYS, data_window_days: WINDOW_DAYS, max_steps: WARM_STEPS },
    // Two days without the source are too many.
    min_samples_threshold: (WINDOW_DAYS - 1) * 24,
    ...{ canary_share: 0.2, canary_hours: 24, watch_hours: 96 },
    ...{ retrain_schedule: '0 2 * * 0', ingestion_schedule: '0 2 * * 0', drift_schedule: '0 2 * * 0' },
    forecast_schedule: `0 ${FORECAST_HOUR} * * *`,
  });

/** The seasons' means: worse than any persistence, and a network that was hardly trained is no member. */
const BAD: Partial<RetrainingConfig> = { start: 'fresh', max_steps: 1, members: ['climatology'] };
const WITHOUT_CANARY: Partial<RetrainingConfig> = { canary_share: 0, canary_hours: 0 };

type Say = (line: string) => void;

/** Lives through the weeks of a year and says what they were worth. */
export async function simulateYear(options: YearOptions, say: Say, signal: AbortSignal): Promise<YearResult> {
  const started = performance.now();
  const scenario = scenarioOf(options.region, FIRST_RETRAIN, options.weeks);
  const first = FIRST_RETRAIN - WEEK_DAYS * DAY_SECONDS;
  await using receivers = await startReceivers();
  await using place = await Place.open(
    options.home,
    { clock: iso(first), planted: plantedBy(scenario) },
    signal,
  );
  const config = configOf(scenario);
  const notices = await Notices.open(place, config, { receivers, since: first, signal });
  const year = new Year(place, scenario, config, notices, stageContext(place, signal), say);
  const frozen = await year.begin(first);
  for (const week of scenario.weeks) {
    signal.throwIfAborted();
    await year.live(week, frozen);
  }
  const { nights, weeks, jobs, demand } = await year.end();
  await notices.settle();
  const mape = errorsOf(nights, demand);
  const result: YearResult = {
    region: options.region,
    weeks: options.weeks,
    retrains: countRetrains(jobs),
    alerts: notices.count(),
    mape: { frozen: round(mape.frozen), continuous: round(mape.live) },
    hours: mape.hours,
    minutes: round((performance.now() - started) / 60_000),
    page: options.page,
  };
  await mkdir(dirname(options.page), { recursive: true });
  await writeFile(options.page, renderYear({ result, scenario, weeks, told: notices.events }));
  return result;
}

/** One year in one home. */
class Year {
  readonly #place: Place;
  readonly #scenario: Scenario;
  readonly #notices: Notices;
  readonly #context: StageContext;
  readonly #say: Say;
  readonly #jobs: Jobs;
  readonly #nights: Night[] = [];
  readonly #weeks: Omit<LivedWeek, 'errors'>[] = [];

  constructor(
    place: Place,
    scenario: Scenario,
    config: RetrainingConfig,
    notices: Notices,
    context: StageContext,
    say: Say,
  ) {
    this.#place = place;
    this.#scenario = scenario;
    this.#notices = notices;
    this.#context = context;
    this.#say = say;
    this.#jobs = new Jobs(place, config, context.signal);
  }

  /** The first champion, by the main job and all that was known a week before the first retrain. Returns its version. */
  async begin(at: number): Promise<number> {
    const { region } = this.#scenario;
    const date = (seconds: number) => toHourStamp(seconds).slice(0, 10);
    const score = { from: date(at - WINDOW_DAYS * DAY_SECONDS), to: date(at - DAY_SECONDS) };
    const input = {
      ...{ model: MODEL, regions: [region], from: '2015-07', asOf: toHourStamp(at), score },
      train: {
        from: date(at - (WINDOW_DAYS + TRAIN_DAYS) * DAY_SECONDS),
        to: date(at - (WINDOW_DAYS + 1) * DAY_SECONDS),
      },
      training: { preset: 'quick', maxSteps: FIRST_STEPS, budgetMinutes: 30 },
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
    await archive.setClock(iso(seen));
    this.#note(events, await this.#jobs.run('scheduledIngestion', seen));
    for (let day = 1; day <= WEEK_DAYS; day++) {
      const midnight = week.at - (WEEK_DAYS - day) * DAY_SECONDS;
      if (midnight > seen) break;
      await this.#night(midnight - 2 * HOUR_SECONDS - (24 - FORECAST_HOUR) * HOUR_SECONDS, frozen, events);
      await this.#jobs.moveClock(midnight);
    }
    if (down) archive.setFaults({ rates: { 'server-error': 1 } });
    this.#note(events, await this.#jobs.run('driftMonitoring', seen));
    await archive.setClock(iso(week.at));
    const bad = week.fault === 'bad-candidate' || week.fault === 'hurried-deployment';
    const retrain = await this.#jobs.retrain(week.at, bad ? BAD : {});
    this.#note(events, retrain);
    if (week.fault === 'hurried-deployment') await this.#hurry(week, retrain.version, events);
    if (down) archive.setFaults({});
    await this.#notices.look(week.at);
  }

  /** Within days it is taken back. */
  async #hurry(week: Week, version: number | null, events: string[]): Promise<void> {
    if (version === null) return;
    events.push(`version ${version} deployed by hand`);
    await this.#jobs.deploy(version, week.at, WITHOUT_CANARY);
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

const plantedBy = ({ region, drift }: Scenario) =>
  drift
    ? [
        {
          region,
          series: 'D',
          from: toHourStamp(drift.from),
          to: toHourStamp(drift.to),
          factor: drift.factor,
        },
      ]
    : [];

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
const round = (value: number) => Number(value.toFixed(3));
