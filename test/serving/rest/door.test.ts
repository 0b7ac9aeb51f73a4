import { deepEqual, equal, match } from 'node:assert/strict';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { restDoor } from '../../../src/serving/rest/door.ts';
import { tellRestRefusals } from '../../../src/serving/telemetry/refusals.ts';
import { SmallService, smallGate, SMALL_LIMITS } from '../wire/small-service.ts';

const silent = { error() {} };

describe('the REST door', () => {
  let service: SmallService;
  let door: FastifyInstance;
  const open = (asks: boolean, limits = SMALL_LIMITS) =>
    restDoor({ service, gate: smallGate(asks), limits, log: silent });
  const get = async (url: string, headers: Record<string, string> = {}) => {
    const reply = await door.inject({ method: 'GET', url, headers });
    return [reply.statusCode, reply.json()] as [number, unknown];
  };
  const post = async (url: string, body: unknown) => {
    const reply = await door.inject({ method: 'POST', url, payload: JSON.stringify(body) });
    return [reply.statusCode, reply.json()] as [number, unknown];
  };

  beforeEach(() => {
    service = new SmallService();
    door = open(false);
  });
  afterEach(() => door.close());

  const ok = { error_code: 'OK', error_message: '' };
  const versions = [
    { version: '3', state: 'END', status: { error_code: 'NOT_FOUND', error_message: 'no such folder' } },
    { version: '2', state: 'AVAILABLE', status: ok },
    { version: '1', state: 'AVAILABLE', status: ok },
  ];

  it('tells how a model, one of its versions and a label stand', async () => {
    deepEqual(await get('/v1/models/double'), [200, { model_version_status: versions }]);
    deepEqual(await get('/v1/models/double/versions/1'), [200, { model_version_status: [versions[2]] }]);
    deepEqual(await get('/v1/models/double/labels/canary'), [200, { model_version_status: [versions[1]] }]);
    deepEqual(await get('/v1/models/other'), [404, { error: 'Could not find any versions of model other' }]);
  });

  it('lists all models', async () => {
    const models = [{ name: 'double', model_version_status: versions }];
    deepEqual(await get('/v1/models'), [200, { models }]);
  });

  it('tells the signatures of a version', async () => {
    const [status, answer] = await get('/v1/models/double/versions/1/metadata');
    equal(status, 200);
    const { model_spec, metadata } = answer as {
      model_spec: object;
      metadata: { signature_def: { signature_def: Record<string, object> } };
    };
    deepEqual(model_spec, { name: 'double', signature_name: '', version: '1' });
    const { signature_def } = metadata.signature_def;
    const dim = [
      { size: '-1', name: '' },
      { size: '2', name: '' },
    ];
    const x = { dtype: 'DT_FLOAT', tensor_shape: { dim, unknown_rank: false }, name: 'x:0' };
    deepEqual(signature_def.serving_default, {
      inputs: { x },
      outputs: { y: { ...x, name: 'y:0' } },
      method_name: 'tensorflow/serving/predict',
      defaults: {},
    });
    deepEqual(signature_def.identity_string, {
      inputs: {
        string: { dtype: 'DT_STRING', tensor_shape: { dim: [], unknown_rank: true }, name: 'string:0' },
      },
      outputs: {
        string: { dtype: 'DT_STRING', tensor_shape: { dim: [], unknown_rank: true }, name: 'string:0' },
      },
      method_name: 'tensorflow/serving/predict',
      defaults: {},
    });
  });

  it('classifies examples', async () => {
    const body = { signature_name: 'classes', examples: [{ degrees: -3.5 }, { degrees: [20] }] };
    deepEqual(await post('/v1/models/double:classify', body), [
      200,
      {
        results: [
          [
            ['cold', 0.75],
            ['warm', 0.25],
          ],
          [
            ['cold', 0.25],
            ['warm', 0.75],
          ],
        ],
      },
    ]);
  });

  it('regresses examples, with what they share and what each has of its own', async () => {
    const body = { signature_name: 'total', context: { a: 0.5, b: 1 }, examples: [{ b: 2 }, { a: 7 }] };
    deepEqual(await post('/v1/models/double:regress', body), [200, { results: [20.5, 17] }]);
  });

  it('hands examples on as they are where the model reads them itself', async () => {
    const body = { signature_name: 'lengths', examples: [{ a: 'one' }, { a: { b64: 'AAAA' } }] };
    // Example{1: Features{1: entry{1: "a", 2: Feature{1: BytesList{1: 3 bytes}}}}}
    deepEqual(await post('/v1/models/double:regress', body), [200, { results: [16, 16] }]);
  });

  it('says what is wrong with examples', async () => {
    const said = async (method: string, body: unknown) => {
      const [status, { error }] = (await post(`/v1/models/double:${method}`, body)) as [
        number,
        { error: string },
      ];
      return `${status} ${error}`;
    };
    const total = (examples: unknown) => ({ signature_name: 'total', examples });
    equal(
      await said('classify', { examples: [{ x: 1 }] }),
      '400 Expected classification signature method_name to be tensorflow/serving/classify. Was: tensorflow/serving/predict',
    );
    equal(
      await said('regress', { signature_name: 'none', examples: [{}] }),
      '400 No signature was found with the name: none',
    );
    equal(
      await said('regress', {}),
      "400 When method is classify, key 'examples' is expected and was not found",
    );
    equal(await said('regress', total([])), "400 'examples' value is an empty array");
    equal(await said('regress', total({})), "400 Expecting 'examples' value to be an list/array");
    equal(await said('regress', total([1])), '400 Example must be JSON object but got JSON Number');
    equal(
      await said('regress', total([{ a: [1.5, 'x'] }])),
      '400 Unexpected element type in feature: a expecting type: float',
    );
    equal(
      await said('regress', total([{ a: [[1]] }])),
      '400 Feature: a has element with unexpected JSON type: Array',
    );
    equal(
      await said('regress', total([{ a: null }])),
      '400 Feature: a has element with unexpected JSON type: Null',
    );
    match(
      await said('regress', total([{ a: 1 }])),
      /^400 Example 0: Feature: b .* is required but could not be found\.$/,
    );
    match(await said('regress', total([{ a: 1, b: 'x' }])), /^400 Feature: b\. Data types don't match\./);
    match(
      await said('regress', total([{ a: 1, b: [1, 2] }])),
      /^400 Example 0: Feature: b has 2 values; one row of it is \[1\]/,
    );
  });

  it('has what it refuses counted under the model’s name, if that is served', async () => {
    const told: string[] = [];
    tellRestRefusals(door, { callEnded: ({ model, code }) => void told.push(`${model} ${code}`) });
    await post('/v1/models/double:predict', { instances: 'x' });
    await post('/v1/models/double:classify', { examples: 'x' });
    await post('/v1/models/made-up:predict', { instances: [[1, 2]] });
    const wrong = 'double INVALID_ARGUMENT';
    deepEqual(told, [wrong, wrong, 'undefined NOT_FOUND']);
    // Refused before it was read, and where nothing lies.
    const headers = { 'content-length': String(SMALL_LIMITS.bodyBytes + 1) };
    await door.inject({ method: 'POST', url: '/v1/models/double:predict', headers, payload: '' });
    await door.inject({ method: 'POST', url: '/v1/models/double:explain', payload: '{}' });
    deepEqual(told.slice(3), [wrong, 'undefined INVALID_ARGUMENT']);
  });

  it('takes names escaped, and none that leads elsewhere', async () => {
    const missing = (name: string) => [404, { error: `Servable not found for request: Latest(${name})` }];
    const body = { instances: [[1, 2]] };
    deepEqual(await post('/v1/models/a%20b:predict', body), missing('a b'));
    deepEqual(await post('/v1/models/..%2F..%2Fetc%2Fpasswd:predict', body), missing('../../etc/passwd'));
    deepEqual(await post(`/v1/models/${'n'.repeat(2000)}:predict`, body), missing('n'.repeat(2000)));
    deepEqual(await post('/V1/Models/double:predict', body), [200, { predictions: [[4, 6]] }]);
    for (const path of [
      '../x:predict',
      'x/y:predict',
      'double:PREDICT',
      'double:explain',
      'a%zz:predict',
      'x/versions/one:predict',
      'x/versions/1/labels/y:predict',
      'double',
    ]) {
      const [status, { error }] = (await post(`/v1/models/${path}`, body)) as [number, { error: string }];
      equal(status, 400, path);
      equal(typeof error, 'string');
    }
    equal((await get('/v1/models/double:predict'))[0], 400);
    equal((await get(`/v1/models/double/versions/${'9'.repeat(30)}`))[0], 400);
    equal((await get('/elsewhere'))[0], 404);
    equal((await door.inject({ method: 'DELETE', url: '/v1/models/double' })).statusCode, 400);
  });

  it('asks who it is before it reads a body', async () => {
    await door.close();
    door = open(true, { ...SMALL_LIMITS, bodyBytes: 10 });
    const long = 'x'.repeat(1000);
    const asked = await door.inject({ method: 'POST', url: '/v1/models/double:predict', payload: long });
    equal(asked.statusCode, 401);
    equal(asked.headers['www-authenticate'], 'Bearer');
    deepEqual(asked.json(), { error: 'Who asks?' });
    equal((await get('/v1/models', { 'x-api-key': 'viewer' }))[0], 200);
  });

  it('lets go of a client that sends a byte now and then', async () => {
    await door.close();
    door = open(false, { ...SMALL_LIMITS, requestMs: 300 });
    await door.listen({ port: 0, host: '127.0.0.1' });
    const { port } = door.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /v1/models/double:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{');
    const drip = setInterval(() => socket.write(' '), 100);
    socket.on('error', () => {});
    await new Promise((ended) => socket.resume().once('close', ended));
    clearInterval(drip);
    equal(service.calls.length, 0);
  });
});
