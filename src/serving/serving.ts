import { cacheKey } from './cache/cache-key.ts';
import { EqualQuestions, type Answered } from './cache/equal-questions.ts';
import { keptAnswer } from './cache/kept-answer.ts';
import type { ResponseCache } from './cache/response-cache.ts';
import { encodeTensors } from './cache/tensor-bytes.ts';
import { rowsOf } from './batching/rows.ts';
import type { Found } from './models/catalogue.ts';
import { checkBounds, checkInputs, checkOutputs } from './models/check-inputs.ts';
import type { ModelManager } from './models/model-manager.ts';
import type { ModelConfig, VersionStatus } from './model-config.ts';
import type { ServingObserver } from './observer.ts';
import { notFound, ServingProblem } from './problem.ts';
import type { CallContext, ModelSpec, PredictAnswer, PredictionService, PredictRequest } from './service.ts';
import type { Signatures } from './signature.ts';
import { onlyOutputs, type TensorMap } from './tensor.ts';
import { markTold } from './told-errors.ts';
import { dealtOf } from './traffic/deal.ts';

/** What is told of calls that the registry dealt; none of it may delay or fail an answer. */
export interface TrafficHooks {
  /** An answer is on its way: a call that an A/B test dealt counts from now on, and a shadow may be shown it. */
  answered(
    found: Found,
    request: PredictRequest,
    answer: PredictAnswer,
    context: CallContext,
    seconds: number,
  ): void;
  /** A version was dealt that is not loaded. */
  missed(found: Found): void;
}

export interface ServingParts {
  manager: ModelManager;
  observer: ServingObserver;
  cache?: ResponseCache | undefined;
  /** Requests that wait for an equal one's answer, of a version; one more is refused. */
  maxWaiting: number;
  traffic: TrafficHooks;
  /** Takes a list of models in every process that shares the port. */
  reload(models: readonly ModelConfig[]): Promise<void>;
}

/** How far a call has come, for whoever counts calls. */
interface Course {
  version?: number;
  label?: string | undefined;
  /** Known to exist, and so good to be counted by. */
  model?: string;
  signature?: string;
  rows: number;
  cached: boolean;
}

/** The models of a process as every door sees them. */
export class Serving implements PredictionService {
  readonly #parts: ServingParts;
  readonly #equal: EqualQuestions;

  constructor(parts: ServingParts) {
    this.#parts = parts;
    this.#equal = new EqualQuestions(parts.maxWaiting);
  }

  async predict(request: PredictRequest, context: CallContext): Promise<PredictAnswer> {
    const started = performance.now();
    const course: Course = { rows: 0, cached: false };
    let code: ServingProblem['code'] | 'OK' = 'OK';
    try {
      return await this.#predict(request, context, course, started);
    } catch (error) {
      code = error instanceof ServingProblem ? error.code : 'INTERNAL';
      markTold(error);
      // Of a version or label that is not there the model is known yet.
      if (this.#parts.manager.statuses().has(request.spec.name)) course.model = request.spec.name;
      throw error;
    } finally {
      const { requestId, door, caller } = context;
      this.#parts.observer.callEnded?.({
        ...{ requestId, door, caller: caller.name, ...course, code },
        seconds: (performance.now() - started) / 1000,
      });
    }
  }

  signatures(spec: ModelSpec): { version: number; signatures: Signatures } {
    const { version } = this.#parts.manager.catalogue.find(spec, { requestId: '' });
    return { version: version.version, signatures: version.loaded.signatures };
  }

  status({ name, version, label }: ModelSpec): VersionStatus[] {
    const all = this.#parts.manager.statuses().get(name) ?? [];
    if (label !== undefined) {
      const { version: labelled } = this.#parts.manager.catalogue.find({ name, label }, { requestId: '' });
      return all.filter((each) => each.version === labelled.version);
    }
    if (version === undefined) {
      if (all.length > 0) return all;
      throw notFound(`Could not find any versions of model ${name}`);
    }
    const found = all.filter((each) => each.version === version);
    if (found.length > 0) return found;
    throw notFound(`Could not find version ${version} of model ${name}`);
  }

  models(): ReadonlyMap<string, VersionStatus[]> {
    return this.#parts.manager.statuses();
  }

  reload(models: readonly ModelConfig[]): Promise<void> {
    return this.#parts.reload(models);
  }

  async #predict(
    request: PredictRequest,
    context: CallContext,
    course: Course,
    started: number,
  ): Promise<PredictAnswer> {
    const { spec, inputs, outputs: asked } = request;
    const { manager, traffic } = this.#parts;
    const found = manager.catalogue.find(spec, context);
    // In the same turn of the loop: it cannot be unloaded in between.
    const version = found.version.acquire();
    try {
      Object.assign(course, { model: spec.name, version: version.version, label: found.label });
      const { signature } = request;
      const shape = version.loaded.signatures.get(signature);
      if (!shape) {
        throw new ServingProblem(
          'FAILED_PRECONDITION',
          `Serving signature key "${signature.slice(0, 60)}" not found.`,
        );
      }
      course.signature = signature;
      checkInputs(inputs, shape);
      checkBounds(inputs, version.loaded.bounds);
      if (asked) checkOutputs(asked, shape);
      if (inputs.size > 0) course.rows = version.queueOf(signature).batchable ? rowsOf(inputs) : 1;
      const { outputs, cached } = await this.#answered(found, request, context);
      course.cached = cached;
      const answer: PredictAnswer = {
        ...{ model: spec.name, version: version.version, label: found.label, signature, outputs, cached },
        ...dealtOf(found.dealt, context),
      };
      if (found.missing) traffic.missed(found);
      traffic.answered(found, request, answer, context, (performance.now() - started) / 1000);
      return answer;
    } finally {
      version.release();
    }
  }

  async #answered(
    { version }: Found,
    { signature, inputs, outputs: asked }: PredictRequest,
    { signal, span }: CallContext,
  ): Promise<Answered> {
    const { cache } = this.#parts;
    const compute = async (): Promise<TensorMap> => {
      const { outputs } = await version.queueOf(signature).answer(inputs, signal, span);
      return asked ? onlyOutputs(outputs, asked) : outputs;
    };
    if (!cache) return { outputs: await compute(), cached: false };
    const { sha256: modelHash } = version.loaded;
    const key = cacheKey({ modelHash, signature, outputs: asked, inputs });
    return this.#equal.answer(key, version, signal, async () => {
      const ports = version.loaded.signatures.get(signature)!.outputs;
      const rows = version.queueOf(signature).batchable ? rowsOf(inputs) : undefined;
      const kept = keptAnswer(await cache.get(key), { ports, asked, rows });
      if (kept) return { outputs: kept, cached: true };
      const outputs = await compute();
      cache.set(key, encodeTensors(outputs));
      return { outputs, cached: false };
    });
  }
}
