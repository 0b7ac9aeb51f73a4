import { readBeat } from '../../alerts/beat.ts';
import { readAlerts } from '../../alerts/store.ts';
import { statusOf } from '../../alerts/turn.ts';
import type { AlertStatus } from '../../contracts/alerts.ts';
import type { Home } from '../../lake/home.ts';

const FIRING_SHOWN = 20;
const RECENT_SHOWN = 8;

export type AlertsState = Pick<AlertStatus, 'firing' | 'count' | 'undecided' | 'pending' | 'recent'> & {
  /** When the watchdog last looked; null: it never did. */
  watchedAt: string | null;
};

export async function alertsState(home: Home): Promise<AlertsState> {
  const [state, beat] = await Promise.all([readAlerts(home), readBeat(home)]);
  const { firing, count, undecided, pending, recent } = statusOf(state, Date.now());
  return {
    ...{ count, undecided, pending, watchedAt: beat?.at ?? null },
    firing: firing.slice(0, FIRING_SHOWN),
    recent: recent.slice(0, RECENT_SHOWN),
  };
}
