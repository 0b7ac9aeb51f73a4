import type { FastifyInstance } from 'fastify';
import { deploymentRequest, type DeploymentRequest } from '../../contracts/learning.ts';
import { lifecycleEvent, type LifecycleEvent } from '../../contracts/lifecycle.ts';
import { readHistory } from '../../registry/history.ts';
import { regionsLostBy } from '../../registry/regions-lost.ts';
import { listModels } from '../../registry/stage.ts';
import { approveDeployment, rejectDeployment } from '../../temporal/deployments.ts';
import { endCanary, promoteVersion, rollbackChampion, startCanary } from '../../temporal/runs.ts';
import {
  approvalBody,
  byName,
  canaryBody,
  championEvent,
  endCanaryBody,
  modelDetails,
  modelList,
  promoteBody,
  rollbackBody,
} from '../contracts/models.ts';
import { decided } from '../decided.ts';
import { knownModel } from '../input.ts';
import { addRoute } from '../route.ts';
import type { DoorParts } from '../server.ts';
import { signed } from '../signed.ts';

const EVENTS_SHOWN = 50;
const ASK_SECONDS = 30;

export function modelRoutes(app: FastifyInstance, { home, temporal }: DoorParts): void {
  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/models', role: 'viewer', tag: 'models', summary: 'What is registered' },
      answer: { says: 'All models with their versions and champions', schema: modelList },
    },
    async () => ({ models: await listModels({ home }) }),
  );

  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/models/:name', role: 'viewer', tag: 'models' },
      summary: 'A registered model and what happened to it',
      path: byName,
      answer: { says: 'Its versions and its last events', schema: modelDetails },
      refusals: [404],
    },
    async ({ path }) => {
      const name = await knownModel(home, path.name);
      const [listing] = await listModels({ home }, { name });
      const events = (await readHistory({ home }, { name })).slice(-EVENTS_SHOWN).toReversed();
      return { ...listing!, events };
    },
  );

  const about =
    'Goes through the model’s own workflow and stands in the audit, refused or not. Needs Temporal and a worker (`up`).';
  const deciding = {
    method: 'POST',
    role: 'approver',
    tag: 'models',
    path: byName,
    about,
    refusals: [404, 409],
  } as const;
  const says = 'What the history says of it';
  const event = { says, schema: lifecycleEvent };
  const ask = <Answer extends LifecycleEvent | DeploymentRequest>(
    name: string,
    version: number | undefined,
    work: (client: Parameters<typeof promoteVersion>[0]) => Promise<Answer>,
  ) => decided(home, name, version, () => temporal.ask(ASK_SECONDS, work));
  const withRegionsLost = async (name: string, happened: LifecycleEvent) => {
    const lost = await regionsLostBy(home, name, happened);
    return lost.length > 0 ? { ...happened, regionsLost: lost } : happened;
  };

  addRoute(
    app,
    {
      ...deciding,
      url: '/models/:name/promote',
      summary: 'Make a version champion',
      body: promoteBody,
      examples: { promote: { version: 2, by: 'ada', reason: 'errs a tenth less' } },
      answer: { says, schema: championEvent },
    },
    async ({ path, body, caller }) => {
      const name = await knownModel(home, path.name);
      const request = await signed(home, { kind: 'promote', model: name }, body, caller);
      const promoted = await ask(name, body.version, (client) => promoteVersion(client, name, request));
      return withRegionsLost(name, promoted);
    },
  );

  addRoute(
    app,
    {
      ...deciding,
      url: '/models/:name/rollback',
      summary: 'Make the champion before this one champion again',
      body: rollbackBody,
      examples: { rollback: { by: 'ada', reason: 'errs more than it promised' } },
      answer: { says, schema: championEvent },
    },
    async ({ path, body, caller }) => {
      const name = await knownModel(home, path.name);
      const request = await signed(home, { kind: 'rollback', model: name }, body, caller);
      const rolledBack = await ask(name, undefined, (client) => rollbackChampion(client, name, request));
      return withRegionsLost(name, rolledBack);
    },
  );

  addRoute(
    app,
    {
      ...deciding,
      url: '/models/:name/canary',
      summary: 'Let a version answer a share of the calls',
      body: canaryBody,
      examples: { tenth: { version: 2, share: 0.1, by: 'ada' } },
      answer: event,
    },
    async ({ path, body, caller }) => {
      const name = await knownModel(home, path.name);
      const request = await signed(home, { kind: 'canary', model: name }, body, caller);
      return ask(name, body.version, (client) => startCanary(client, name, request));
    },
  );

  addRoute(
    app,
    {
      ...deciding,
      url: '/models/:name/canary/end',
      summary: 'Let the champion answer alone',
      body: endCanaryBody,
      examples: { end: { by: 'ada' } },
      answer: event,
    },
    async ({ path, body, caller }) => {
      const name = await knownModel(home, path.name);
      const request = await signed(home, { kind: 'endCanary', model: name }, body, caller);
      return ask(name, undefined, (client) => endCanary(client, name, request));
    },
  );

  for (const [kind, summary, answer] of [
    ['approve', 'Let a candidate that waits go on to champion', approveDeployment],
    ['reject', 'End the deployment of a candidate that waits', rejectDeployment],
  ] as const) {
    addRoute(
      app,
      {
        ...deciding,
        ...{ url: `/models/:name/${kind}`, summary, body: approvalBody },
        examples: { second: { version: 2, by: 'ada', reason: 'seen its report' } },
        answer: { says: 'What the deployment has taken down', schema: deploymentRequest },
      },
      async ({ path, body, caller }) => {
        const name = await knownModel(home, path.name);
        const request = await signed(home, { kind: kind, model: name }, body, caller);
        return ask(name, body.version, (client) => answer(client, name, request));
      },
    );
  }
}
