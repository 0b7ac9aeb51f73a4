import type { FastifyInstance } from 'fastify';
import { readAlerts } from '../../alerts/store.ts';
import { statusOf } from '../../alerts/turn.ts';
import type { DoorParts } from '../server.ts';

/** What fires and who knows of it, from the files: it answers whether Temporal runs or not. */
export function alertRoutes(app: FastifyInstance, { home }: DoorParts): void {
  app.get('/alerts', async () => statusOf(await readAlerts(home), Date.now()));
}
