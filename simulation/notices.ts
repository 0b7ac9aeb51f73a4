import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import { CHANNELS_URI } from '../src/alerts/channels.ts';
import { readAlerts } from '../src/alerts/store.ts';
import { Watchdog } from '../src/alerts/watchdog.ts';
import type { AlertEvent } from '../src/contracts/alerts.ts';
import type { RetrainingConfig } from '../src/contracts/retraining.ts';
import { CATCH_UP_HOURS, type AppliedSchedule } from '../src/contracts/schedules.ts';
import { changeAppliedSchedules } from '../src/jobs/applied-schedules.ts';
import { silentLogger } from '../src/stages/context.ts';
import type { Place } from './place.ts';
import type { Receivers } from './receivers.ts';

const ABSENT = 'work_absent';
const ASK_AGAIN_MS = 200;
/** What waits for a channel has long been sent by then. */
const PATIENCE_MS = 30_000;

/** What people are told: the channels of the home, what watches for work that is absent, and what has been told. */
export class Notices {
  readonly #place: Place;
  readonly #watchdog: Watchdog;
  readonly #receivers: Receivers;
  readonly #events = new Map<string, AlertEvent>();

  private constructor(place: Place, watchdog: Watchdog, receivers: Receivers) {
    this.#place = place;
    this.#watchdog = watchdog;
    this.#receivers = receivers;
  }

  /** @param since the moment, seconds, from which what is scheduled is owed */
  static async open(
    place: Place,
    config: RetrainingConfig,
    { receivers, since, signal }: { receivers: Receivers; since: number; signal: AbortSignal },
  ): Promise<Notices> {
    const { home } = place;
    await changeAppliedSchedules({ home }, () => schedulesOf(config, since));
    const path = home.path(CHANNELS_URI);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, stringify({ channels: receivers.channels }));
    const options = { home, config: place.config, signal, log: silentLogger, by: 'simulation' };
    return new Notices(place, new Watchdog(options), receivers);
  }

  /** What is late as of a moment of the simulation, seconds. */
  async look(at: number): Promise<void> {
    await this.#watchdog.look(Date.now(), at * 1000);
    await this.#gather();
  }

  /** Waits until all that was to be sent has been. */
  async settle(): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    const waits = async () =>
      (await readAlerts(this.#place.home)).outbox.some(({ state }) => state === 'waiting');
    while ((await waits()) && Date.now() < until) await sleep(ASK_AGAIN_MS);
    await this.#gather();
  }

  /** Oldest first. */
  get events(): AlertEvent[] {
    return [...this.#events.values()].toSorted((a, b) => Date.parse(a.asOf) - Date.parse(b.asOf));
  }

  count(): { sent: number; absentWork: number } {
    const absent = this.events.filter(({ what, rule }) => what === 'fired' && rule === ABSENT);
    return { sent: this.#receivers.received, absentWork: absent.length };
  }

  /** The state forgets what is old. */
  async #gather(): Promise<void> {
    const { events } = await readAlerts(this.#place.home);
    for (const event of events) this.#events.set(JSON.stringify(event), event);
  }
}

function schedulesOf(config: RetrainingConfig, since: number): AppliedSchedule[] {
  const crons = {
    retrain: config.retrain_schedule,
    ingestion: config.ingestion_schedule,
    drift: config.drift_schedule,
    forecast: config.forecast_schedule,
  };
  return (Object.keys(crons) as (keyof typeof crons)[]).map((job) => ({
    id: `${job}-${config.model_name}`,
    model: config.model_name,
    job,
    cron: crons[job],
    timeZone: config.time_zone,
    paused: false,
    catchUpHours: CATCH_UP_HOURS[job],
    appliedAt: new Date(since * 1000).toISOString(),
  }));
}
