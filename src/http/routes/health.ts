import type { FastifyInstance } from 'fastify';
import { httpCredentials } from '../../access/credentials.ts';
import { messageOf } from '../../errors.ts';
import { modelNames } from '../../registry/layout.ts';
import type { PredictionService } from '../../serving/service.ts';
import { pollersOf } from '../../temporal/overview.ts';
import { LOCAL_GATE } from '../admission.ts';
import { health, readiness, type Readiness } from '../contracts/service.ts';
import { addRoute } from '../route.ts';
import type { DoorParts } from '../server.ts';

const ASK_SECONDS = 5;

/** `/health`: this process lives. `/ready`: what it is there for works. Probes ask both, and have no key. */
export function healthRoutes(app: FastifyInstance, parts: DoorParts): void {
  const { home, temporal, service, gate = LOCAL_GATE } = parts;
  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/health', role: 'anybody', tag: 'service', summary: 'This process lives' },
      answer: { says: 'It does', schema: health },
    },
    () => ({ status: 'ok' as const }),
  );

  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/ready', role: 'anybody', tag: 'service' },
      summary: 'Whether requests should be sent here',
      about:
        'Where models are served: a version of one is loaded, whether Temporal answers or not, so that predictions go on while it is down. Where none are: workers ask Temporal for work.',
      answer: { says: 'They should', schema: readiness },
      answers: { 503: { says: 'They should not, and why', schema: readiness } },
    },
    async ({ request, reply }) => {
      const [models, pollers] = await Promise.all([
        checked(() => modelNames(home).then(({ length }) => length)),
        checked(() => temporal.ask(ASK_SECONDS, pollersOf)),
      ]);
      const loaded = service && loadedModels(service);
      const works = loaded === undefined ? pollers.ok && pollers.value > 0 : loaded > 0;
      const ready = models.ok && works;
      const told: Readiness = {
        ready,
        home: models.ok ? { ok: true, models: models.value } : models,
        ...(loaded !== undefined && { serving: servingOf(loaded) }),
        temporal: pollers.ok ? askingFor(pollers.value) : pollers,
      };
      const mayKnow = await gate.admit(httpCredentials(request.raw), 'viewer').then(
        () => true,
        () => false,
      );
      return reply.status(ready ? 200 : 503).send(mayKnow ? told : withoutReasons(told));
    },
  );
}

function loadedModels(service: PredictionService): number {
  const models = [...service.models().values()];
  return models.filter((versions) => versions.some(({ state }) => state === 'AVAILABLE')).length;
}

const servingOf = (models: number) =>
  models > 0 ? { ok: true, models } : { ok: false, models, problem: 'no version of any model is loaded' };

const askingFor = (workers: number) =>
  workers > 0 ? { ok: true, workers } : { ok: false, workers, problem: 'no worker asks for work' };

/** Whoever has no key learns nothing of files and addresses. */
const withoutReasons = ({ ready, home, serving, temporal }: Readiness): Readiness => ({
  ...{ ready, home: { ok: home.ok }, temporal: { ok: temporal.ok } },
  ...(serving && { serving: { ok: serving.ok } }),
});

async function checked<T>(check: () => Promise<T>) {
  try {
    return { ok: true as const, value: await check() };
  } catch (error) {
    return { ok: false as const, problem: messageOf(error) };
  }
}
