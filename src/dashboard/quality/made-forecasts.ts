import { readdir, stat } from 'node:fs/promises';
import { z } from 'zod';
import { readForecast } from '../../backtest/forecast-file.ts';
import type { ForecastRow } from '../../backtest/forecast.ts';
import { fromHourStamp, HOUR_SECONDS } from '../../contracts/time.ts';
import { readManifest, referTo, verifiedPath } from '../../lake/artifacts.ts';
import type { Home } from '../../lake/home.ts';
import { unlessGone } from '../../lake/storage-failure.ts';

/** Forecasts that are read, the newest: two months of one a day, or of several regions less. */
const MOST_READ = 60;
/** Manifests that are looked at for them: what others asked for hides no forecast that was due. */
const MOST_LOOKED_AT = 600;
/**
 * What a daily schedule issues is up to a day old by then; a day and a half after the issue the day that it forecasts is
 * nearly over, and whoever asks then asks about the past.
 */
const DUE_SECONDS = 36 * HOUR_SECONDS;

export type ForecastKind = 'day-ahead' | 'hourly';

export interface MadeForecasts {
  rows: (ForecastRow & { by: ForecastKind })[];
  /** Forecasts of a region that somebody asked for when it was too late for them. */
  late: number;
}

const answers = z.array(
  z.looseObject({ region: z.string(), issuedAt: z.string(), by: z.enum(['day-ahead', 'hourly']) }),
);

/**
 * A model's forecasts that were made when they were due, and how many were not. A manifest carries no clock: it was made
 * when its file was written, and what is asked for again is answered from there.
 */
export async function madeForecasts(home: Home, model: string): Promise<MadeForecasts> {
  const folder = home.path('manifests/forecast');
  const names = await readdir(folder).catch(unlessGone<string[]>(folder, []));
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(home.path('manifests/forecast', name))).mtimeMs })),
  );
  const made: MadeForecasts = { rows: [], late: 0 };
  let read = 0;
  for (const { name, at } of dated.toSorted((a, b) => b.at - a.at).slice(0, MOST_LOOKED_AT)) {
    if (read === MOST_READ) break;
    const reference = await referTo(home, `manifests/forecast/${name}`);
    const { details, files } = await readManifest(home, reference, 'forecast');
    const answered = answers.safeParse(details['answers']);
    if (details['name'] !== model || !answered.success) continue;
    const due = answered.data.filter(({ issuedAt }) => at / 1000 <= fromHourStamp(issuedAt) + DUE_SECONDS);
    made.late += answered.data.length - due.length;
    if (due.length === 0) continue;
    read += 1;
    for (const row of await readForecast(await verifiedPath(home, files[0]!))) {
      const own = due.find(({ region, issuedAt }) => region === row.region && issuedAt === row.issuedAt);
      if (own) made.rows.push({ ...row, by: own.by });
    }
  }
  return made;
}
