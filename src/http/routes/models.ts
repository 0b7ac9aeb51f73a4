import type { FastifyInstance } from 'fastify';
import {
  canaryRequest,
  endCanaryRequest,
  promoteRequest,
  rollbackRequest,
  type LifecycleEvent,
} from '../../contracts/lifecycle.ts';
import { approvalRequest, type DeploymentRequest } from '../../contracts/learning.ts';
import type { Home } from '../../lake/home.ts';
import { readHistory } from '../../registry/history.ts';
import { versionNumbers } from '../../registry/layout.ts';
import { listModels } from '../../registry/stage.ts';
import { approveDeployment, rejectDeployment } from '../../temporal/deployments.ts';
import { refusalOf } from '../../temporal/failures.ts';
import { endCanary, promoteVersion, rollbackChampion, startCanary } from '../../temporal/runs.ts';
import { checkBody, knownModel } from '../input.ts';
import { HttpProblem } from '../problem.ts';
import type { DoorParts } from '../server.ts';

interface ByName {
  Params: { name: string };
}

const EVENTS_SHOWN = 50;
const ASK_SECONDS = 30;
const FROM = { from: 'http' };

/** A caller names itself, not the door it came through. */
const promoteBody = promoteRequest.omit({ from: true });
const rollbackBody = rollbackRequest.omit({ from: true });
const canaryBody = canaryRequest.omit({ from: true });
const endCanaryBody = endCanaryRequest.omit({ from: true });
const approvalBody = approvalRequest.omit({ from: true });

export function modelRoutes(app: FastifyInstance, { home, temporal }: DoorParts): void {
  app.get('/models', async () => ({ models: await listModels({ home }) }));

  app.get<ByName>('/models/:name', async ({ params }) => {
    const name = await knownModel(home, params);
    const [listing] = await listModels({ home }, { name });
    const events = (await readHistory({ home }, { name })).slice(-EVENTS_SHOWN).toReversed();
    return { ...listing, events };
  });

  app.post<ByName>('/models/:name/promote', async ({ params, body }) => {
    const name = await knownModel(home, params);
    const request = { ...checkBody(promoteBody, body), ...FROM };
    return decided(home, name, request.version, () =>
      temporal.ask(ASK_SECONDS, (client) => promoteVersion(client, name, request)),
    );
  });

  app.post<ByName>('/models/:name/rollback', async ({ params, body }) => {
    const name = await knownModel(home, params);
    const request = { ...checkBody(rollbackBody, body), ...FROM };
    return decided(home, name, undefined, () =>
      temporal.ask(ASK_SECONDS, (client) => rollbackChampion(client, name, request)),
    );
  });

  app.post<ByName>('/models/:name/canary', async ({ params, body }) => {
    const name = await knownModel(home, params);
    const request = { ...checkBody(canaryBody, body), ...FROM };
    return decided(home, name, request.version, () =>
      temporal.ask(ASK_SECONDS, (client) => startCanary(client, name, request)),
    );
  });

  app.post<ByName>('/models/:name/canary/end', async ({ params, body }) => {
    const name = await knownModel(home, params);
    const request = { ...checkBody(endCanaryBody, body), ...FROM };
    return decided(home, name, undefined, () =>
      temporal.ask(ASK_SECONDS, (client) => endCanary(client, name, request)),
    );
  });

  for (const [path, answer] of [
    ['/models/:name/approve', approveDeployment],
    ['/models/:name/reject', rejectDeployment],
  ] as const) {
    app.post<ByName>(path, async ({ params, body }) => {
      const name = await knownModel(home, params);
      const request = { ...checkBody(approvalBody, body), ...FROM };
      return decided(home, name, request.version, () =>
        temporal.ask(ASK_SECONDS, (client) => answer(client, name, request)),
      );
    });
  }
}

/** What the workflow answers, or its refusal: 404 of a version that is not there, else 409. Either stands in the audit. */
async function decided<Answer extends LifecycleEvent | DeploymentRequest>(
  home: Home,
  name: string,
  version: number | undefined,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    const isUnknown = version !== undefined && !(await versionNumbers(home, name)).includes(version);
    throw new HttpProblem(
      isUnknown ? 404 : 409,
      'refused',
      reason,
      `GET /models/${name} says what is there.`,
    );
  }
}
