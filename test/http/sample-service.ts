import { invalidArgument, notFound, ServingProblem } from '../../src/serving/problem.ts';
import type { VersionStatus } from '../../src/serving/model-config.ts';
import type { ModelSpec, PredictionService, PredictRequest } from '../../src/serving/service.ts';
import { DEFAULT_SIGNATURE, type Signatures } from '../../src/serving/signature.ts';
import { servingTensor, type ServingTensor } from '../../src/serving/tensor.ts';

export const DOUBLER = 'consumption_forecasting';
export const ADDER = 'adder';

const port = (name: string, shape: readonly number[], tensor: string) =>
  ({ name, dtype: 'float32', shape, tensor }) as const;

const SIGNATURES: Record<string, Signatures> = {
  [DOUBLER]: new Map([
    [
      DEFAULT_SIGNATURE,
      {
        method: 'tensorflow/serving/predict',
        inputs: [port('x', [-1, 3], 'x:0')],
        outputs: [port('y', [-1, 3], 'y:0')],
      },
    ],
  ]),
  [ADDER]: new Map([
    [
      DEFAULT_SIGNATURE,
      {
        method: 'tensorflow/serving/predict',
        inputs: [port('a', [-1], 'a:0'), port('b', [-1], 'b:0')],
        outputs: [port('difference', [-1], 'd:0'), port('sum', [-1], 's:0')],
      },
    ],
  ]),
};

/** Version 2 of each answers; the doubler’s version 1 is loaded beside it, and adds nothing. */
const STATUSES: Record<string, VersionStatus[]> = {
  [DOUBLER]: [
    { version: 2, state: 'AVAILABLE', labels: ['stable'] },
    { version: 1, state: 'AVAILABLE', labels: ['canary'] },
  ],
  [ADDER]: [{ version: 2, state: 'AVAILABLE', labels: [] }],
};

/** Serves 2x + 1, and sums and differences: small enough to be checked by hand. Users called `ada` are in a test. */
export class SampleService implements PredictionService {
  readonly asked: PredictRequest[] = [];
  readonly #models: ReadonlyMap<string, string>;

  /** By the name that it is served under. */
  constructor(names: readonly string[] = [DOUBLER, ADDER], servedAs: Record<string, string> = {}) {
    this.#models = new Map(names.map((name) => [servedAs[name] ?? name, name]));
  }

  async predict(
    ...[request, { requestId, user, signal }]: Parameters<PredictionService['predict']>
  ): ReturnType<PredictionService['predict']> {
    this.asked.push(request);
    signal?.throwIfAborted();
    const { version } = this.signatures(request.spec);
    const { name } = request.spec;
    if (user === 'crowd') throw new ServingProblem('RESOURCE_EXHAUSTED', 'The queue is full.', 2);
    const outputs =
      this.#models.get(name) === DOUBLER ? doubled(request, version === 2 ? 1 : 0) : added(request);
    return {
      ...{ model: name, version, signature: request.signature, outputs, cached: false },
      label: request.spec.label,
      ...(user === 'ada' && { dealt: { test: 'winter', variant: 'treatment', request: requestId } }),
    };
  }

  signatures(spec: ModelSpec) {
    const [first] = this.status(spec).filter(({ state }) => state === 'AVAILABLE');
    return { version: first!.version, signatures: SIGNATURES[this.#models.get(spec.name)!]! };
  }

  status({ name, version, label }: ModelSpec): VersionStatus[] {
    const own = this.#models.get(name);
    if (own === undefined) throw notFound('No model of that name is served.');
    const found = STATUSES[own]!.filter(
      (each) => (version ?? each.version) === each.version && (!label || each.labels.includes(label)),
    );
    if (found.length === 0) throw notFound('The model has no such version.');
    return found;
  }

  models() {
    return new Map([...this.#models].map(([name, own]) => [name, STATUSES[own]!]));
  }

  reload(): Promise<void> {
    throw new Error('Nobody reloads it.');
  }
}

function doubled({ inputs }: PredictRequest, more: number) {
  const { shape, data } = floats(inputs.get('x'));
  if (shape.length !== 2 || shape[1] !== 3) throw invalidArgument('x must be of shape [-1, 3].');
  return new Map([
    [
      'y',
      servingTensor(
        'float32',
        shape,
        data.map((x) => 2 * x + more),
      ),
    ],
  ]);
}

function added({ inputs }: PredictRequest) {
  const [a, b] = [floats(inputs.get('a')), floats(inputs.get('b'))];
  if (a.shape.length !== 1 || a.data.length !== b.data.length) {
    throw invalidArgument('a and b must be of shape [-1], and of one length.');
  }
  const by = (work: (x: number, y: number) => number) =>
    servingTensor(
      'float32',
      a.shape,
      a.data.map((x, i) => work(x, b.data[i]!)),
    );
  return new Map([
    ['difference', by((x, y) => x - y)],
    ['sum', by((x, y) => x + y)],
  ]);
}

const floats = (tensor: ServingTensor | undefined) => ({
  shape: tensor!.shape,
  data: tensor!.data as Float32Array,
});
