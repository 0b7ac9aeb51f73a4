import type { FastifyInstance } from 'fastify';
import { readAlerts } from '../../alerts/store.ts';
import { statusOf } from '../../alerts/turn.ts';
import { alertStatus } from '../../contracts/alerts.ts';
import { addRoute } from '../route.ts';
import type { DoorParts } from '../server.ts';

/** What fires and who knows of it, from the files: it answers whether Temporal runs or not. */
export function alertRoutes(app: FastifyInstance, { home }: DoorParts): void {
  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/alerts', role: 'viewer', tag: 'work', summary: 'What fires, and who knows' },
      answer: { says: 'Alerts as the files have them', schema: alertStatus },
    },
    async () => statusOf(await readAlerts(home), Date.now()),
  );
}
