import { deepEqual, equal, match } from 'node:assert/strict';
import { connect } from 'node:http2';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { service as health } from 'grpc-health-check';
import { WireMessage } from '../../../src/export/wire-message.ts';
import { PROTOS } from '../../../src/serving/grpc/definitions.ts';
import { type GrpcDoor, grpcDoor } from '../../../src/serving/grpc/door.ts';
import type { CallEnded } from '../../../src/serving/observer.ts';
import { ServingProblem } from '../../../src/serving/problem.ts';
import { encodeExample } from '../../../src/serving/doors/example.ts';
import { SmallService, smallGate, SMALL_LIMITS } from '../wire/small-service.ts';

interface Method {
  path: string;
  requestSerialize(message: object): Buffer;
  responseDeserialize(bytes: Buffer): object;
}

/** What another library makes of the same schemas. */
const peers = loadSync('serving.proto', {
  includeDirs: [PROTOS],
  ...{ keepCase: true, longs: String, enums: String, oneofs: true, arrays: true },
}) as unknown as Record<string, Record<string, Method>>;
const PREDICTIONS = peers['tensorflow.serving.PredictionService']!;
const MODELS = peers['tensorflow.serving.ModelService']!;
const HEALTH = health as unknown as Record<string, Method>;

const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);
const shape = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size })) });
const x = (...values: number[]) => ({
  x: { dtype: 'DT_FLOAT', tensor_shape: shape(values.length / 2, 2), tensor_content: floats(...values) },
});

describe('the gRPC door', () => {
  let service: SmallService;
  let door: GrpcDoor;
  let told: string[] = [];
  let client: Client;
  let port: number;
  const open = async (asks: boolean, limits = SMALL_LIMITS) => {
    const observer = { callEnded: ({ model, code }: CallEnded) => void told.push(`${model} ${code}`) };
    door = grpcDoor({ service, gate: smallGate(asks), limits, log: { error() {} }, observer });
    port = await door.listen(0, '127.0.0.1');
    client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  };
  const close = async () => {
    client.close();
    await door.close();
  };
  const call = (
    method: Method,
    message: object,
    { metadata = new Metadata(), deadline = Date.now() + 20_000 } = {},
  ) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const serialize = (value: object) => method.requestSerialize(value);
      const deserialize = (bytes: Buffer) => method.responseDeserialize(bytes) as Record<string, unknown>;
      client.makeUnaryRequest(
        method.path,
        serialize,
        deserialize,
        message,
        metadata,
        { deadline },
        (error, value) => (error ? reject(error) : resolve(value!)),
      );
    });
  const refusal = async (...asked: Parameters<typeof call>) => {
    const error = await call(...asked).then(
      () => undefined,
      (failure: ServiceError) => failure,
    );
    return error ? `${error.code} ${error.details}` : 'taken';
  };
  const predict = (message: object) => call(PREDICTIONS.Predict!, message);
  const double = (more: object = {}) => ({ model_spec: { name: 'double', ...more } });

  beforeEach(async () => {
    service = new SmallService();
    told = [];
    await open(false);
  });
  afterEach(close);

  it('predicts, and says who did', async () => {
    deepEqual(await predict({ ...double(), inputs: x(1, 2, 3.25, -4) }), {
      model_spec: {
        name: 'double',
        version: { value: '2' },
        version_choice: 'version',
        signature_name: 'serving_default',
      },
      outputs: {
        y: {
          dtype: 'DT_FLOAT',
          tensor_shape: { dim: [{ size: '2' }, { size: '2' }] },
          float_val: [4, 6, 8.5, -6],
          ...{ double_val: [], int_val: [], string_val: [], int64_val: [], bool_val: [] },
        },
      },
    });
    const versions = [];
    for (const asked of [
      { version: { value: 1 } },
      { version_label: 'stable' },
      { version_label: 'canary' },
    ]) {
      const { model_spec } = await predict({ ...double(asked), inputs: x(0, 0) });
      versions.push((model_spec as { version: { value: string } }).version.value);
    }
    deepEqual(versions, ['1', '1', '2']);
  });

  it('answers only what is asked for', async () => {
    const inputs = {
      a: { dtype: 'DT_FLOAT', tensor_shape: shape(1), float_val: [0.5] },
      b: { dtype: 'DT_INT64', tensor_shape: shape(1, 2), int64_val: ['-1', '9007199254740993'] },
    };
    const asked = { ...double({ signature_name: 'sum_and_echo' }), inputs };
    deepEqual(Object.keys((await predict(asked)).outputs as object), ['echo', 'sum']);
    const { outputs } = await predict({ ...asked, output_filter: ['echo'] });
    const { echo, ...others } = outputs as Record<string, { int64_val: string[] }>;
    deepEqual([echo!.int64_val, others], [['-1', '9007199254740993'], {}]);
    match(
      await refusal(PREDICTIONS.Predict!, { ...asked, output_filter: ['none'] }),
      /^3 There is no output "none"/,
    );
  });

  it('answers whole what lies in the memory of what was asked', async () => {
    const values = Array.from({ length: 1000 }, (_, i) => i);
    const tensor = { dtype: 'DT_FLOAT', tensor_shape: shape(1, 1000), tensor_content: floats(...values) };
    const { outputs } = await predict({
      ...double({ signature_name: 'identity_float32' }),
      inputs: { float32: tensor },
    });
    deepEqual((outputs as { float32: { float_val: number[] } }).float32.float_val, values);
  });

  it('fills a short list with its last value, and an empty one with zeros', async () => {
    const y = async (tensor: object) => {
      const { outputs } = await predict({ ...double(), inputs: { x: { dtype: 'DT_FLOAT', ...tensor } } });
      return (outputs as { y: { float_val: number[] } }).y.float_val;
    };
    deepEqual(await y({ tensor_shape: shape(2, 2), float_val: [1, 2] }), [4, 6, 6, 6]);
    deepEqual(await y({ tensor_shape: shape(1, 2) }), [2, 2]);
    deepEqual(await y({ tensor_shape: shape(0, 2) }), []);
  });

  it('says what is wrong with a tensor', async () => {
    const said = (tensor: object) =>
      refusal(PREDICTIONS.Predict!, { ...double(), inputs: { x: { dtype: 'DT_FLOAT', ...tensor } } });
    const wrong = '3 tensor parsing error: x: ';
    equal(await said({ dtype: 'DT_HALF' }), `${wrong}DT_HALF is not taken`);
    equal(await said({ dtype: 'DT_BFLOAT16' }), `${wrong}DT_BFLOAT16 is not taken`);
    equal(await said({ dtype: 'DT_INVALID' }), `${wrong}it has no dtype`);
    equal(await said({ tensor_shape: { unknown_rank: true } }), `${wrong}its shape is unknown`);
    equal(await said({ tensor_shape: shape(-1) }), `${wrong}its shape is [-1]`);
    equal(
      await said({ tensor_shape: shape(1, 2), tensor_content: Buffer.alloc(7) }),
      `${wrong}its tensor_content has 7 bytes, its shape needs 8`,
    );
    match(
      await said({ tensor_shape: shape(2 ** 40), float_val: [1] }),
      /its shape \[1099511627776\] is of more than/,
    );
    match(
      await said({ tensor_shape: shape(3), float_val: [1] }),
      /^3 The input x is of shape \[3\]; it takes DT_FLOAT \[any, 2\]/,
    );
    match(await said({ tensor_shape: shape(1025, 2), float_val: [1] }), /^3 The input x has 1025 rows/);
    const doubles = { dtype: 'DT_DOUBLE', tensor_shape: shape(1, 2), double_val: [1, 2] };
    match(await said(doubles), /^3 The input x is DT_DOUBLE; it takes DT_FLOAT/);
  });

  it('has what it refuses counted under the model’s name, if that is served', async () => {
    await refusal(PREDICTIONS.Predict!, { ...double(), inputs: { x: { dtype: 'DT_HALF' } } });
    await refusal(PREDICTIONS.Predict!, { ...double({ version: { value: 9 } }), inputs: x(1, 2) });
    await refusal(PREDICTIONS.Classify!, double());
    await refusal(PREDICTIONS.Predict!, { model_spec: { name: 'made-up' }, inputs: x(1, 2) });
    deepEqual(told, [
      ...['double INVALID_ARGUMENT', 'double NOT_FOUND', 'double INVALID_ARGUMENT'],
      'undefined NOT_FOUND',
    ]);
  });

  it('answers who is not there, or cannot, with its code', async () => {
    const said = (spec: object | null) =>
      refusal(PREDICTIONS.Predict!, { model_spec: spec, inputs: x(1, 2) });
    equal(await said({ name: 'other' }), '5 Servable not found for request: Latest(other)');
    equal(
      await said({ name: 'double', version: { value: 9 } }),
      '5 Servable not found for request: Specific(double, 9)',
    );
    equal(
      await said({ name: 'double', version_label: 'none' }),
      '3 Unrecognized servable version label: none',
    );
    equal(await said(null), '3 ModelSpec has no name specified.');
    equal(
      await said({ name: 'double', signature_name: 'none' }),
      '9 Serving signature key "none" not found.',
    );
    service.failing = new ServingProblem('RESOURCE_EXHAUSTED', 'The queue is full.', 2);
    equal(await said({ name: 'double' }), '8 The queue is full.');
    service.failing = new TypeError('a secret of the inside');
    match(await said({ name: 'double' }), /^13 Something went wrong here/);
    service.failing = new ServingProblem('INVALID_ARGUMENT', 'half a letter: \ud83d');
    equal(await said({ name: 'double' }), '3 half a letter: \ufffd');
  });

  it('refuses what is no message, and more than it takes', async () => {
    const raw = (bytes: Buffer) => refusal({ ...PREDICTIONS.Predict!, requestSerialize: () => bytes }, {});
    match(await raw(Buffer.from([0x0a, 0x7f, 1])), /^3 The request cannot be read: a field is cut off/);
    match(await raw(Buffer.alloc(SMALL_LIMITS.bodyBytes + 1)), /^8 /);
    for (const method of [HEALTH.Check!, PREDICTIONS.Classify!, MODELS.GetModelStatus!]) {
      const broken = { ...method, requestSerialize: () => Buffer.from([0x0f]) };
      equal(await refusal(broken, {}), '3 The request cannot be read.');
    }
    equal(service.calls.length, 0);
  });

  it('classifies, regresses, and does both at once', async () => {
    const example = (features: Record<string, number>) =>
      Buffer.from(
        encodeExample(
          new Map(
            Object.entries(features).map(([name, value]) => [name, { kind: 'float', values: [value] }]),
          ),
        ),
      );
    const warm = { example_list: { examples: [example({ degrees: -1 }), example({ degrees: 3 })] } };
    const classes = await call(PREDICTIONS.Classify!, {
      ...double({ signature_name: 'classes' }),
      input: warm,
    });
    const [cold, hot] = [
      {
        classes: [
          { label: 'cold', score: 0.75 },
          { label: 'warm', score: 0.25 },
        ],
      },
      {
        classes: [
          { label: 'cold', score: 0.25 },
          { label: 'warm', score: 0.75 },
        ],
      },
    ];
    deepEqual(classes.result, { classifications: [cold, hot] });
    const whole = (features: Record<string, bigint>) =>
      Buffer.from(
        encodeExample(
          new Map(
            Object.entries(features).map(([name, value]) => [name, { kind: 'int64', values: [value] }]),
          ),
        ),
      );
    const shared = {
      example_list_with_context: {
        examples: [whole({ b: 2n }), whole({ a: 7n })],
        context: whole({ a: 1n, b: 1n }),
      },
    };
    const total = await call(PREDICTIONS.Regress!, { ...double({ signature_name: 'total' }), input: shared });
    deepEqual(total.result, { regressions: [{ value: 21 }, { value: 17 }] });
    const tasks = [
      { ...double({ signature_name: 'classes' }), method_name: 'tensorflow/serving/classify' },
      { ...double({ signature_name: 'lengths' }), method_name: 'tensorflow/serving/regress' },
    ];
    const { results } = await call(PREDICTIONS.MultiInference!, { tasks, input: warm });
    const [first, second] = results as { classification_result?: object; regression_result?: object }[];
    deepEqual(first!.classification_result, { classifications: [cold, hot] });
    const size = example({ degrees: -1 }).length;
    deepEqual(second!.regression_result, { regressions: [{ value: size }, { value: size }] });
    match(
      await refusal(PREDICTIONS.Regress!, { ...double(), input: warm }),
      /^3 Expected regression signature method_name/,
    );
    equal(
      await refusal(PREDICTIONS.Regress!, { ...double({ signature_name: 'total' }) }),
      '3 Input is empty.',
    );
    match(
      await refusal(PREDICTIONS.Regress!, {
        ...double({ signature_name: 'total' }),
        input: { example_list: { examples: [Buffer.from([0x0a, 9])] } },
      }),
      /^3 Could not parse example input/,
    );
  });

  it('tells how versions stand and what their signatures are', async () => {
    const { model_version_status } = await call(MODELS.GetModelStatus!, double({ version: { value: 3 } }));
    const status = { error_code: 'NOT_FOUND', error_message: 'no such folder' };
    deepEqual(model_version_status, [{ version: '3', state: 'END', status }]);
    match(await refusal(MODELS.GetModelStatus!, { model_spec: { name: 'other' } }), /^5 Could not find/);
    const asked = { ...double(), metadata_field: ['signature_def'] };
    const { model_spec, metadata } = await call(PREDICTIONS.GetModelMetadata!, asked);
    deepEqual((model_spec as { version: object }).version, { value: '2' });
    const { type_url, value } = (metadata as { signature_def: { type_url: string; value: Buffer } })
      .signature_def;
    equal(type_url, 'type.googleapis.com/tensorflow.serving.SignatureDefMap');
    const serving = new WireMessage(value).entries(1).get('serving_default')!;
    equal(serving.text(3), 'tensorflow/serving/predict');
    const input = serving.entries(1).get('x')!;
    deepEqual([input.text(1), input.number(2)], ['x:0', 1]);
    deepEqual(
      input
        .message(3)
        .messages(2)
        .map((dimension) => dimension.number(1)),
      [-1, 2],
    );
    match(await refusal(PREDICTIONS.GetModelMetadata!, double()), /^3 GetModelMetadataRequest must specify/);
    match(
      await refusal(PREDICTIONS.GetModelMetadata!, { ...asked, metadata_field: ['x'] }),
      /^3 Metadata field x is not supported/,
    );
  });

  it('takes another list of models', async () => {
    const config = {
      name: 'half',
      base_path: '/models/half',
      model_platform: 'tensorflow',
      model_version_policy: { specific: { versions: [1, 2] } },
      version_labels: { stable: 1 },
    };
    const reload = (list: object) => ({ config: { model_config_list: list } });
    const { status } = await call(MODELS.HandleReloadConfigRequest!, reload({ config: [config] }));
    deepEqual(status, { error_code: 'OK', error_message: '' });
    deepEqual(service.reloads, [
      [
        {
          name: 'half',
          source: { kind: 'folder', path: '/models/half' },
          policy: { kind: 'specific', versions: [1, 2] },
          labels: new Map([['stable', 1]]),
        },
      ],
    ]);
    const said = (message: object) => refusal(MODELS.HandleReloadConfigRequest!, message);
    match(
      await said(reload({ config: [config, config] })),
      /^3 .*Illegal to list model "half" multiple times/,
    );
    match(
      await said(reload({ config: [{ ...config, logging_config: {} }] })),
      /^3 .*logging_config is not taken/,
    );
    match(await said(reload({ config: [{ ...config, model_type: 1 }] })), /^3 .*model_type is not taken/);
    match(
      await said({ config: { custom_model_config: { type_url: 'x' } } }),
      /^3 ServerModelConfig type not supported/,
    );
    match(await said({ ...reload({}), metric_names: ['m'] }), /^3 metric_names are not answered/);
  });

  it('is healthy as soon as a model is there', async () => {
    service.available = false;
    const check = async (name: string) => (await call(HEALTH.Check!, { service: name })).status;
    equal(await check(''), 'NOT_SERVING');
    equal(await check('tensorflow.serving.PredictionService'), 'NOT_SERVING');
    match(await refusal(HEALTH.Check!, { service: 'none' }), /^5 /);
    const { path, requestSerialize, responseDeserialize } = HEALTH.Watch!;
    const watch = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
      service: '',
    });
    watch.on('error', () => {});
    const heard: unknown[] = [];
    await new Promise<void>((resolve) => {
      watch.on('data', ({ status }: { status: string }) => {
        heard.push(status);
        service.available = true;
        if (heard.length === 2) resolve();
      });
    });
    watch.cancel();
    deepEqual(heard, ['NOT_SERVING', 'SERVING']);
    equal(await check(''), 'SERVING');
  });

  it('asks who it is, but for health', async () => {
    await close();
    await open(true);
    const key = (apiKey: string) => {
      const metadata = new Metadata();
      metadata.set('x-api-key', apiKey);
      return { metadata };
    };
    equal(await refusal(PREDICTIONS.Predict!, { ...double(), inputs: x(1, 2) }), '16 Who asks?');
    equal(await refusal(PREDICTIONS.Predict!, { ...double(), inputs: x(1, 2) }, key('viewer')), 'taken');
    const list = { config: { model_config_list: {} } };
    equal(
      await refusal(MODELS.HandleReloadConfigRequest!, list, key('viewer')),
      '7 This needs the role admin.',
    );
    equal(await refusal(MODELS.HandleReloadConfigRequest!, list, key('admin')), 'taken');
    equal((await call(HEALTH.Check!, { service: '' })).status, 'SERVING');
    deepEqual(
      service.calls.map(({ context }) => [context.door, context.caller.name]),
      [['grpc', 'viewer']],
    );
  });

  it('stops waiting when its caller does', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    service.held = promise;
    const asked = refusal(
      PREDICTIONS.Predict!,
      { ...double(), inputs: x(1, 2) },
      { deadline: Date.now() + 300 },
    );
    equal((await asked).startsWith('4 '), true);
    const { signal } = service.calls[0]!.context;
    if (!signal!.aborted) await new Promise((heard) => signal!.addEventListener('abort', heard));
    resolve();
  });

  it('lets go of a call whose message stops halfway', async () => {
    await close();
    await open(false, { ...SMALL_LIMITS, requestMs: 200 });
    const session = connect(`http://127.0.0.1:${port}`);
    const stream = session.request({
      ...{ ':method': 'POST', ':path': PREDICTIONS.Predict!.path },
      ...{ 'content-type': 'application/grpc', te: 'trailers' },
    });
    stream.write(Buffer.from([0, 0, 0, 1, 0, 42]));
    const headers = await new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve));
    equal(headers['grpc-status'], '4');
    session.destroy();
    equal(service.calls.length, 0);
  });
});
