import type { FastifyInstance } from 'fastify';
import type { Home } from '../../lake/home.ts';
import { modelNames, versionFile } from '../../registry/layout.ts';
import { readArtifact } from '../../lake/artifacts.ts';
import type { ModelCard } from '../../registry/card.ts';
import { listModels } from '../../registry/stage.ts';
import { readVersionRecord } from '../../registry/versions.ts';
import type { PredictionService } from '../../serving/service.ts';
import type { ServingPort } from '../../serving/signature.ts';
import { infoExample } from '../contracts/examples.ts';
import { infoQuery, modelInfo, type ModelInfo } from '../contracts/models.ts';
import { addRoute } from '../route.ts';
import type { DoorParts } from '../server.ts';
import { servedModel } from '../served-model.ts';

export function modelInfoRoute(app: FastifyInstance, { home }: DoorParts, service: PredictionService): void {
  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/model/info', role: 'viewer', tag: 'models' },
      summary: 'A served model: signatures, versions, labels, states, and what the registry has of it',
      query: infoQuery,
      answer: { says: 'What it can be asked, and who answers', schema: modelInfo, example: infoExample },
      refusals: [404, 409],
    },
    async ({ query }): Promise<ModelInfo> => {
      const name = servedModel(service, query.model_name);
      const statuses = service.status({ name });
      const labels = statuses.flatMap(({ version, labels: own }) => own.map((label) => [label, version]));
      const answers = statuses.some(({ state }) => state === 'AVAILABLE')
        ? service.signatures({ name })
        : null;
      return {
        name,
        version: answers?.version ?? null,
        versions: statuses.map(({ version, state, labels: own, problem }) => ({
          ...{ version, state, labels: [...own] },
          ...(problem && { problem: problem.message }),
        })),
        labels: Object.fromEntries(labels) as Record<string, number>,
        signatures: Object.fromEntries(
          [...(answers?.signatures ?? [])].map(([signature, { method, inputs, outputs }]) => [
            signature,
            { method, inputs: inputs.map(portOf), outputs: outputs.map(portOf) },
          ]),
        ),
        record: answers ? await recordOf(home, name, answers.version) : null,
      };
    },
  );
}

const portOf = ({ name, dtype, shape }: ServingPort) => ({ name, dtype, shape: shape && [...shape] });

async function recordOf(home: Home, name: string, version: number): Promise<ModelInfo['record']> {
  if (!(await modelNames(home)).includes(name)) return null;
  const [listing] = await listModels({ home }, { name });
  const listed = listing?.versions.find((each) => each.version === version);
  if (!listing || !listed || listed.damaged !== null) return null;
  const { record } = await readVersionRecord(home, name, version);
  const card = versionFile(record, 'card');
  const text = card && (await readArtifact(home, card)).toString('utf8');
  const learnt = text === undefined ? undefined : (JSON.parse(text) as ModelCard);
  return {
    ...listed,
    learntFrom: learnt ? { from: learnt.learntFrom.from, to: learnt.learntFrom.to } : null,
    regions: learnt?.regions ?? record.metrics.map(({ region }) => region),
    sequenceLength: record.sequenceLength,
    champion: listing.champion?.version === version,
  };
}
