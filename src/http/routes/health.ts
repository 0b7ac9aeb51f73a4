import type { FastifyInstance } from 'fastify';
import { messageOf } from '../../errors.ts';
import { modelNames } from '../../registry/layout.ts';
import { pollersOf } from '../../temporal/overview.ts';
import type { DoorParts } from '../server.ts';

const ASK_SECONDS = 5;

/** `/health`: this process lives. `/ready`: what it stands in front of works. */
export function healthRoutes(app: FastifyInstance, { home, temporal }: DoorParts): void {
  app.get('/health', () => ({ status: 'ok' }));

  app.get('/ready', async (_request, reply) => {
    const [models, pollers] = await Promise.all([
      checked(() => modelNames(home).then(({ length }) => length)),
      checked(() => temporal.ask(ASK_SECONDS, pollersOf)),
    ]);
    const ready = models.ok && pollers.ok && pollers.value > 0;
    return reply.status(ready ? 200 : 503).send({
      ready,
      home: models.ok ? { ok: true, models: models.value } : models,
      temporal: pollers.ok ? askingFor(pollers.value) : pollers,
    });
  });
}

const askingFor = (workers: number) =>
  workers > 0 ? { ok: true, workers } : { ok: false, workers, problem: 'no worker asks for work' };

async function checked<T>(check: () => Promise<T>) {
  try {
    return { ok: true as const, value: await check() };
  } catch (error) {
    return { ok: false as const, problem: messageOf(error) };
  }
}
