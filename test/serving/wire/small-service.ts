import type { Gate, Limits } from '../../../src/serving/gate.ts';
import { DEFAULT_LIMITS } from '../../../src/serving/gate.ts';
import { checkInputs, checkOutputs } from '../../../src/serving/models/check-inputs.ts';
import type { ModelConfig, VersionStatus } from '../../../src/serving/model-config.ts';
import { invalidArgument, notFound, ServingProblem } from '../../../src/serving/problem.ts';
import type {
  CallContext,
  ModelSpec,
  PredictionService,
  PredictRequest,
} from '../../../src/serving/service.ts';
import type { ServingPort, ServingSignature, Signatures } from '../../../src/serving/signature.ts';
import type { Dtype, ServingTensor, TensorMap } from '../../../src/serving/tensor.ts';

export const port = (name: string, dtype: Dtype, shape: readonly number[] | null): ServingPort => ({
  ...{ name, dtype, shape },
  tensor: `${name}:0`,
});

type Compute = (inputs: TensorMap, version: number) => TensorMap;
interface Part extends ServingSignature {
  compute: Compute;
}

const part = (
  method: 'predict' | 'classify' | 'regress',
  inputs: readonly ServingPort[],
  outputs: readonly ServingPort[],
  compute: Compute,
): Part => ({ method: `tensorflow/serving/${method}`, inputs, outputs, compute });

const numbers = (inputs: TensorMap, name: string) => inputs.get(name)!.data as Float32Array;
const same = (tensor: ServingTensor, data: ServingTensor['data']): ServingTensor => ({ ...tensor, data });
const words = (...texts: string[]) => texts.map((text) => Buffer.from(text));

const ALL_DTYPES: Dtype[] = ['bool', 'float32', 'float64', 'int32', 'int64', 'string', 'uint8'];
const anyOf = ALL_DTYPES.map((dtype) => port(dtype, dtype, null));

/** Small enough to know each answer by heart; each does its arithmetic for real. */
const PARTS: Record<string, Part> = {
  /** 2x + version. */
  serving_default: part(
    'predict',
    [port('x', 'float32', [-1, 2])],
    [port('y', 'float32', [-1, 2])],
    (inputs, version) => {
      const x = inputs.get('x')!;
      return new Map([
        [
          'y',
          same(
            x,
            numbers(inputs, 'x').map((value) => 2 * value + version),
          ),
        ],
      ]);
    },
  ),
  /** Two inputs, two outputs. */
  sum_and_echo: part(
    'predict',
    [port('a', 'float32', [-1]), port('b', 'int64', [-1, 2])],
    [port('echo', 'int64', [-1, 2]), port('sum', 'float32', [-1])],
    (inputs) => {
      const a = inputs.get('a')!;
      const b = inputs.get('b')!.data as BigInt64Array;
      const sum = numbers(inputs, 'a').map((value, row) => value + Number(b[2 * row]! + b[2 * row + 1]!));
      return new Map([
        ['echo', inputs.get('b')!],
        ['sum', same(a, sum)],
      ]);
    },
  ),
  /** What came goes back, of every type and shape. */
  identity: part('predict', anyOf, anyOf, (inputs) => inputs),
  ...Object.fromEntries(
    anyOf.map((only) => [`identity_${only.dtype}`, part('predict', [only], [only], (inputs) => inputs)]),
  ),
  bytes: part(
    'predict',
    [port('image', 'string', [-1])],
    [port('image_bytes', 'string', [-1])],
    (inputs) => new Map([['image_bytes', inputs.get('image')!]]),
  ),
  /** Cold below zero, warm from there on. */
  classes: part(
    'classify',
    [port('degrees', 'float32', [-1, 1])],
    [port('classes', 'string', [-1, 2]), port('scores', 'float32', [-1, 2])],
    (inputs) => {
      const degrees = numbers(inputs, 'degrees');
      const rows = degrees.length;
      const scores = Array.from(degrees).flatMap((value) => (value < 0 ? [0.75, 0.25] : [0.25, 0.75]));
      const labels = Array.from(degrees).flatMap(() => words('cold', 'warm'));
      return new Map<string, ServingTensor>([
        ['classes', { dtype: 'string', shape: [rows, 2], data: labels }],
        ['scores', { dtype: 'float32', shape: [rows, 2], data: Float32Array.from(scores) }],
      ]);
    },
  ),
  /** a + 10 b */
  total: part(
    'regress',
    [port('a', 'float32', [-1]), port('b', 'int64', [-1, 1])],
    [port('outputs', 'float32', [-1, 1])],
    (inputs) => {
      const b = inputs.get('b')!.data as BigInt64Array;
      const data = numbers(inputs, 'a').map((value, row) => value + 10 * Number(b[row]));
      return new Map([['outputs', { dtype: 'float32', shape: [data.length, 1], data }]]);
    },
  ),
  /** How long each serialised Example is. */
  lengths: part('regress', [port('inputs', 'string', [-1])], [port('outputs', 'float32', [-1])], (inputs) => {
    const examples = inputs.get('inputs')!.data as Uint8Array[];
    const data = Float32Array.from(examples, ({ length }) => length);
    return new Map([['outputs', { dtype: 'float32', shape: [data.length], data }]]);
  }),
};

const SIGNATURES: Signatures = new Map(Object.entries(PARTS));

/** Two versions, of which 1 is `stable` and 2 is `canary`; 2 answers where neither is asked for. */
export class SmallService implements PredictionService {
  readonly calls: { request: PredictRequest; context: CallContext }[] = [];
  reloads: (readonly ModelConfig[])[] = [];
  available = true;
  /** Until it resolves no prediction does. */
  held: Promise<void> = Promise.resolve();
  failing: Error | undefined;
  readonly #labels = new Map([
    ['stable', 1],
    ['canary', 2],
  ]);

  async predict(request: PredictRequest, context: CallContext) {
    this.calls.push({ request, context });
    const { spec, signature, inputs, outputs: asked } = request;
    const version = this.#versionOf(spec);
    const found = PARTS[signature];
    if (!found) {
      throw new ServingProblem('FAILED_PRECONDITION', `Serving signature key "${signature}" not found.`);
    }
    checkInputs(inputs, found);
    if (asked) checkOutputs(asked, found);
    await this.held;
    if (this.failing) throw this.failing;
    const all = found.compute(inputs, version);
    const outputs = asked ? new Map(asked.map((name) => [name, all.get(name)!])) : all;
    return { model: spec.name, version, label: spec.label, signature, outputs, cached: false };
  }

  signatures(spec: ModelSpec) {
    return { version: this.#versionOf(spec), signatures: SIGNATURES };
  }

  status({ name, version, label }: ModelSpec): VersionStatus[] {
    const all = this.models().get(name) ?? [];
    const wanted = label === undefined ? version : this.#versionOf({ name, label });
    const found = all.filter((each) => wanted === undefined || each.version === wanted);
    if (found.length > 0) return found;
    throw notFound(`Could not find any versions of model ${name}`);
  }

  models(): ReadonlyMap<string, VersionStatus[]> {
    const state = this.available ? 'AVAILABLE' : 'LOADING';
    return new Map([
      [
        'double',
        [
          { version: 3, state: 'END', problem: { code: 'NOT_FOUND', message: 'no such folder' }, labels: [] },
          { version: 2, state, labels: ['canary'] },
          { version: 1, state, labels: ['stable'] },
        ] satisfies VersionStatus[],
      ],
    ]);
  }

  async reload(models: readonly ModelConfig[]): Promise<void> {
    if (this.failing) throw this.failing;
    this.reloads.push(models);
  }

  #versionOf({ name, version, label }: ModelSpec): number {
    if (name !== 'double') throw notFound(`Servable not found for request: Latest(${name})`);
    if (label !== undefined) {
      const labelled = this.#labels.get(label);
      if (labelled === undefined) throw invalidArgument(`Unrecognized servable version label: ${label}`);
      return labelled;
    }
    const wanted = version ?? 2;
    if (wanted === 1 || wanted === 2) return wanted;
    throw notFound(`Servable not found for request: Specific(double, ${wanted})`);
  }
}

/** Lets in whoever brings the key `viewer` or `admin`; asks nobody where it is told to. */
export const smallGate = (asks: boolean): Gate => ({
  async admit({ apiKey }, needed) {
    if (!asks) return { name: 'local', role: 'admin', identity: 'claimed' };
    if (apiKey !== 'viewer' && apiKey !== 'admin') throw new ServingProblem('UNAUTHENTICATED', 'Who asks?');
    if (needed === 'admin' && apiKey !== 'admin') {
      throw new ServingProblem('PERMISSION_DENIED', 'This needs the role admin.');
    }
    return { name: apiKey, role: apiKey, identity: 'authenticated' };
  },
});

export const SMALL_LIMITS: Limits = { ...DEFAULT_LIMITS, bodyBytes: 2 ** 20 };
