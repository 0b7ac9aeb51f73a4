import type { FastifyInstance } from 'fastify';
import { readAppliedSchedules } from '../../jobs/applied-schedules.ts';
import { nextTimes } from '../../jobs/cron.ts';
import { scheduleList } from '../contracts/work.ts';
import { addRoute } from '../route.ts';
import type { DoorParts } from '../server.ts';

const TIMES_SHOWN = 3;

/** When work is due, as it was applied last: it answers whether Temporal runs or not. */
export function scheduleRoutes(app: FastifyInstance, { home }: DoorParts): void {
  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/schedules', role: 'viewer', tag: 'work' },
      summary: 'When jobs are due',
      answer: { says: 'What was applied, what is paused, and the next times', schema: scheduleList },
    },
    async () => {
      const now = new Date();
      const schedules = (await readAppliedSchedules({ home })).map((schedule) => {
        const { paused, cron, timeZone } = schedule;
        const next = paused ? [] : nextTimes(cron, timeZone, now, TIMES_SHOWN);
        return { ...schedule, next: next.map((at) => at.toISOString()) };
      });
      return { schedules };
    },
  );
}
