import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toHourStamp } from '../src/contracts/time.ts';
import type { PlantedChange } from '../src/sources/archive/store.ts';
import { DAY_SECONDS, isoOf, WEEK_DAYS } from './calendar.ts';
import { configOf } from './configuration.ts';
import { Year } from './living.ts';
import { errorsOf, stageContext } from './nights.ts';
import { Notices } from './notices.ts';
import type { YearOptions } from './options.ts';
import { renderYear } from './page.ts';
import { Place } from './place.ts';
import { startReceivers } from './receivers.ts';
import { countRetrains, type YearResult } from './result.ts';
import { scenarioOf, type Scenario } from './scenario.ts';

/** The first Sunday of 2019, at the hour at which a retrain is due. */
const FIRST_RETRAIN = Date.parse('2019-01-06T02:00Z') / 1000;

/** Lives through the weeks of a year and says what they were worth. */
export async function simulateYear(
  options: YearOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<YearResult> {
  const started = performance.now();
  const scenario = scenarioOf(options.region, FIRST_RETRAIN, options.weeks);
  const first = FIRST_RETRAIN - WEEK_DAYS * DAY_SECONDS;
  await using receivers = await startReceivers();
  await using place = await Place.open(
    options.home,
    { clock: isoOf(first), planted: plantedBy(scenario) },
    signal,
  );
  const config = configOf(options.region, options.effort);
  const notices = await Notices.open(place, config, { receivers, since: first, signal });
  const year = new Year({
    ...{ place, scenario, notices, say },
    effort: options.effort,
    context: stageContext(place, signal),
  });
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

const plantedBy = ({ region, drift }: Scenario): PlantedChange[] =>
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

const round = (value: number) => Number(value.toFixed(3));
