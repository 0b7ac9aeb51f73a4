import { ARCHIVE_CLOCK_HEADER, ARCHIVE_HEADER } from './archive-headers.ts';
import { get } from './http-client.ts';

/** What stands behind a base address: a real host, or the shipped archive that imitates one. */
export interface Origin {
  archive: boolean;
  /** The moment up to which the source has published, in seconds since 1970 UTC. */
  now: number;
  /** True when `now` is the archive's `--clock` and not the time of day. */
  simulated: boolean;
}

const REAL_HOSTS = new Set(['api.eia.gov', 'oasis.caiso.com']);

/**
 * Asks the server who it is, except for the real hosts, whose budget is not spent on that. Archive replies say
 * nothing about when a value was published, so their times are given by rule and their raw files kept apart.
 */
export async function originOf(baseUrl: string, signal: AbortSignal): Promise<Origin> {
  const url = new URL(baseUrl);
  const today = { now: Date.now() / 1000, simulated: false };
  if (REAL_HOSTS.has(url.hostname)) return { archive: false, ...today };
  const reply = await get(url, { source: 'The source', signal });
  const archive = reply.header(ARCHIVE_HEADER) !== undefined;
  const clock = Date.parse(reply.header(ARCHIVE_CLOCK_HEADER) ?? '');
  return Number.isNaN(clock) ? { archive, ...today } : { archive, now: clock / 1000, simulated: true };
}
