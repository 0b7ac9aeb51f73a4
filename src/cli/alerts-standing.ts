import { readBeat, type Beat } from '../alerts/beat.ts';
import { readAlerts } from '../alerts/store.ts';
import { counted } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { isWatching, watchLine } from './alerts-view.ts';

/** How alerts stand, in a few figures; `alerts` has the rest. */
export interface AlertsStanding {
  open: number;
  /** Notices that are not out yet, and those that never will be. */
  waiting: number;
  undelivered: number;
  watchdog: Beat | null;
  /** Whether somebody watches for absent work at this moment. */
  watching: boolean;
}

export async function alertsStanding(home: Home, now: number): Promise<AlertsStanding> {
  const [{ tracks, outbox }, beat] = await Promise.all([readAlerts(home), readBeat(home)]);
  const waiting = outbox.filter(({ state }) => state === 'waiting').length;
  const sent = outbox.filter(({ state }) => state === 'sent').length;
  return {
    open: tracks.filter(({ incident }) => incident !== null).length,
    waiting,
    undelivered: outbox.length - waiting - sent,
    watchdog: beat ?? null,
    watching: beat !== undefined && isWatching(beat, now),
  };
}

/** `2 alerts open, 1 notice not delivered; the watchdog looked …` */
export function standingLine({ open, waiting, undelivered, watchdog }: AlertsStanding, now: number): string {
  const parts = [
    open === 0 ? 'nothing fires' : `${counted(open, 'alert')} open`,
    ...(waiting === 0 ? [] : [`${counted(waiting, 'notice')} still to be sent`]),
    ...(undelivered === 0 ? [] : [`${counted(undelivered, 'notice')} not delivered`]),
  ];
  return `${parts.join(', ')}; ${watchLine(watchdog ?? undefined, now)}`;
}
