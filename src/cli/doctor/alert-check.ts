import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CorruptArtifactError } from '../../errors.ts';
import { readAppliedSchedules } from '../../jobs/applied-schedules.ts';
import { Home } from '../../lake/home.ts';
import { alertsStanding, standingLine } from '../alerts-standing.ts';
import type { Check } from './check.ts';

/** What fires, who was not told of it, and whether absent work would be noticed. */
export const checkAlerting: Check = async (config) => {
  const what = 'alerts';
  if (!existsSync(resolve(config.home))) return { what, verdict: 'ok', detail: 'no home yet' };
  const home = await Home.open(config.home);
  const now = Date.now();
  try {
    const standing = await alertsStanding(home, now);
    const detail = standingLine(standing, now);
    const isOwed = (await readAppliedSchedules({ home })).length > 0;
    if (standing.open > 0 || standing.undelivered > 0) {
      return {
        what,
        verdict: 'warn',
        detail,
        cure: '`alerts` says what fires, and why a notice did not go out.',
      };
    }
    if (isOwed && !standing.watching) {
      return { what, verdict: 'warn', detail, cure: 'Run `up`, or `watchdog` beside a cluster.' };
    }
    return { what, verdict: 'ok', detail };
  } catch (error) {
    if (!(error instanceof CorruptArtifactError)) throw error;
    return { what, verdict: 'fail', detail: error.message, cure: error.cure };
  }
};
