import type { FastifyInstance } from 'fastify';
import { DEFAULT_LIMITS } from '../../serving/gate.ts';
import { notFound } from '../../serving/problem.ts';
import type { CallContext, ModelSpec, PredictionService } from '../../serving/service.ts';
import { DEFAULT_SIGNATURE } from '../../serving/signature.ts';
import { markModel } from '../../serving/told-errors.ts';
import { tellRefused, type Refused } from '../../serving/telemetry/refusals.ts';
import { spanOf } from '../../serving/telemetry/traces/http-spans.ts';
import { batchAnswer, batchBody, predictBody, predictFields, prediction } from '../contracts/predictions.ts';
import { batchExample, predictionExample } from '../contracts/examples.ts';
import { batchItems, readData, readPredictBody } from '../predict-body.ts';
import { predictionJson } from '../prediction-answer.ts';
import { HttpProblem, logFailure, problemOf } from '../problem.ts';
import { addRoute } from '../route.ts';
import type { DoorParts } from '../server.ts';
import { servedModel } from '../served-model.ts';

const BATCH_SIZE = 32;
const JSON_TYPE = 'application/json; charset=utf-8';

type Fields = ReturnType<typeof predictFields.parse>;

export function predictRoutes(outer: FastifyInstance, parts: DoorParts, service: PredictionService): void {
  const { limits = DEFAULT_LIMITS, maxBatchSize = BATCH_SIZE } = parts;

  void outer.register(async (app) => {
    // Bodies stay bytes: they become tensors, not objects.
    app.removeContentTypeParser('application/json');
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );

    addRoute(
      app,
      {
        ...{ method: 'POST', url: '/predict', role: 'viewer', tag: 'predictions' },
        summary: 'What a served model answers',
        body: predictBody,
        reads: 'bytes',
        examples: {
          rows: { data: [[1, 2, 3]], model_name: 'consumption_forecasting' },
          columns: { data: { x: [[1, 2, 3]] }, model_name: 'consumption_forecasting', label: 'stable' },
        },
        answer: {
          says: 'The outputs, laid out as the data were',
          schema: prediction,
          example: predictionExample,
        },
        refusals: [404, 409, 429, 501, 503, 504],
        bodyBytes: limits.bodyBytes,
      },
      async ({ bytes, caller, signal, request, reply }) => {
        const { fields, dataAt } = readPredictBody(bytes, predictFields, limits);
        const context = contextOf(fields, {
          requestId: request.id,
          caller,
          signal,
          span: spanOf(request.raw),
        });
        const answer = await answerOf(bytes, dataAt, fields, context);
        return reply.type(JSON_TYPE).send(answer);
      },
    );

    addRoute(
      app,
      {
        ...{ method: 'POST', url: '/predict/batch', role: 'viewer', tag: 'predictions' },
        summary: 'Several requests in one body, answered each by itself',
        about: 'One that fails fails alone: it has its error where the others have their predictions.',
        body: batchBody(maxBatchSize),
        reads: 'bytes',
        examples: {
          two: { data: [[[1, 2, 3]], [[4, 5, 6]]], model_name: 'consumption_forecasting' },
        },
        answer: { says: 'A prediction or an error for each', schema: batchAnswer, example: batchExample },
        refusals: [404, 409, 429, 501, 503, 504],
        bodyBytes: limits.bodyBytes,
      },
      async ({ bytes, caller, signal, request, reply }) => {
        const { fields, dataAt } = readPredictBody(bytes, predictFields, limits);
        // What is wrong with all of them is told once.
        const items = ofModel(fields, () => {
          signatureOf(fields);
          return batchItems(bytes, dataAt, maxBatchSize, limits);
        });
        const answers = await Promise.all(
          items.map(async (at, index) => {
            const requestId = `${request.id}-${index}`;
            const context = contextOf(fields, { requestId, caller, signal, span: spanOf(request.raw) });
            return answerOf(bytes, at, fields, context).then(
              (json) => ({ json, failed: 0 }),
              (error: unknown) => {
                const seconds = reply.elapsedTime / 1000;
                const told = { door: 'http', requestId, caller: caller.name, error, seconds } as const;
                return { json: failure(told, parts), failed: 1 };
              },
            );
          }),
        );
        const failed = answers.reduce((sum, each) => sum + each.failed, 0);
        const tail = `],"failed":${failed},"request_id":${JSON.stringify(request.id)}}`;
        const list = answers.flatMap(({ json }, index) => (index > 0 ? [COMMA, json] : [json]));
        return reply.type(JSON_TYPE).send(Buffer.concat([HEAD, ...list, Buffer.from(tail)]));
      },
    );
  });

  async function answerOf(bytes: Buffer, at: number, fields: Fields, context: CallContext): Promise<Buffer> {
    const { spec, signature, inputs, format } = ofModel(fields, () => {
      const { ports, ...found } = signatureOf(fields);
      return { ...found, ...readData(bytes, at, ports, limits) };
    });
    const answer = await service.predict({ spec, signature, inputs }, context);
    return predictionJson(answer, format, context.requestId);
  }

  /** What fails before the model is asked is counted under its name all the same. */
  function ofModel<Result>({ model_name: asked }: Fields, work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      const [only, ...others] = service.models().keys();
      markModel(error, asked ?? (others.length === 0 ? only : undefined), service);
      throw error;
    }
  }

  function signatureOf({
    model_name: asked,
    version,
    label,
    signature_name: name = DEFAULT_SIGNATURE,
  }: Fields) {
    const spec: ModelSpec = { name: servedModel(service, asked), version, label };
    if (version !== undefined && label !== undefined) {
      throw new HttpProblem(422, 'bad-request', 'A version and a label are given.', 'Give one of them.');
    }
    const signature = service.signatures(spec).signatures.get(name);
    if (!signature) throw notFound('The model has no signature of that name.');
    return { spec, signature: name, ports: signature.inputs };
  }
}

const HEAD = Buffer.from('{"results":[');
const COMMA = Buffer.from(',');

const contextOf = (
  { user }: Fields,
  call: Pick<CallContext, 'requestId' | 'caller' | 'signal' | 'span'>,
): CallContext => ({ ...call, door: 'http', user });

function failure(refused: Refused, { log, observer = {} }: DoorParts): Buffer {
  const { status, kind, message, cure } = problemOf(refused.error);
  logFailure(log, status, refused.requestId, refused.error);
  tellRefused(observer, { ...refused, status });
  return Buffer.from(JSON.stringify({ error: { kind, message, cure } }));
}
