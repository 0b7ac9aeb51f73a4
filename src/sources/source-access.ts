import type { IngestionWindow } from '../contracts/ingestion.ts';
import { HOUR_SECONDS, toHourStamp, fromHourStamp } from '../contracts/time.ts';
import { BadInputError } from '../errors.ts';
import type { StageContext } from '../stages/context.ts';
import { REVISION_DELAY_SECONDS } from './availability.ts';
import type { EiaHost } from './eia/request.ts';
import { SourceLimiter, unlimited, type Limiter } from './limiter/source-limiter.ts';
import { originOf, type Origin } from './origin.ts';

/** The archive takes any key: it protects nothing. */
const ARCHIVE_KEY = 'ringwatt-archive-key';
const EIA_URL = 'https://api.eia.gov';
const CAISO_URL = 'https://oasis.caiso.com';

/** Longer than the 180 days within which a resubmission is expected (`REVISION_DELAY_SECONDS`). */
const SETTLED_AFTER_SECONDS = REVISION_DELAY_SECONDS + 20 * 24 * HOUR_SECONDS;

export interface SourceAccess {
  /** Names the source's folders: replies and histories of the archive are kept apart from a real source's. */
  folder: string;
  host: EiaHost;
  origin: Origin;
  limiter: Limiter;
}

/** Where a source is, who stands there, and what may be asked of it. */
export async function accessTo(
  source: IngestionWindow['source'],
  { home, config, signal, log }: StageContext,
): Promise<SourceAccess> {
  const baseUrl = source === 'eia' ? eiaUrl(config) : (config.caisoBaseUrl ?? CAISO_URL);
  const origin = await originOf(baseUrl, signal);
  const waiting = (ms: number) => log.info({ source, waitMs: ms }, `the ${source} request budget is used up`);
  const budget =
    source === 'eia'
      ? { requests: config.eiaRequestsPerHour, windowMs: HOUR_SECONDS * 1000 }
      : { requests: 1, windowMs: config.caisoSecondsPerRequest * 1000 };
  return {
    folder: origin.archive ? `${source}-archive` : source,
    host: { baseUrl, key: config.eiaApiKey ?? ARCHIVE_KEY },
    origin,
    limiter:
      origin.archive || budget.windowMs === 0
        ? unlimited
        : limiterOf(home.path('limits'), () => new SourceLimiter(home, source, budget, waiting), [
            source,
            budget,
          ]),
  };
}

/**
 * How a window's replies are named: one whose hours are long past is `settled` and fetched once for ever; one that
 * reaches into the last 200 days goes by the day it was fetched (by the hour of an archive's clock), so that every
 * later day fetches it again and finds what was published or revised since.
 */
export function fetchName(window: IngestionWindow, { now, simulated }: Origin): string {
  if (fromHourStamp(window.to) + SETTLED_AFTER_SECONDS <= now) return 'settled';
  const stamp = toHourStamp(now);
  return simulated ? stamp : stamp.slice(0, 10);
}

function eiaUrl({ eiaBaseUrl, eiaApiKey }: StageContext['config']): string {
  if (eiaBaseUrl !== undefined) return eiaBaseUrl;
  if (eiaApiKey !== undefined) return EIA_URL;
  throw new BadInputError(
    'There is no EIA to read: neither an API key nor the address of an archive server is set.',
    'Set EIA_API_KEY, or start the archive server (`ringwatt up`) and set RINGWATT_EIA_URL.',
  );
}

/** One limiter a process and budget: two would each lease a batch and leave the rest of it unused. */
const limiters = new Map<string, SourceLimiter>();

function limiterOf(folder: string, make: () => SourceLimiter, identity: unknown): SourceLimiter {
  const key = JSON.stringify([folder, identity]);
  const limiter = limiters.get(key) ?? make();
  limiters.set(key, limiter);
  return limiter;
}
