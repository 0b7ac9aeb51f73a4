import { deepEqual, equal, match } from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { restDoor } from '../../../src/serving/rest/door.ts';
import { ServingProblem } from '../../../src/serving/problem.ts';
import { SmallService, smallGate, SMALL_LIMITS } from '../wire/small-service.ts';

const silent = { error() {} };

describe('the REST door, predict', () => {
  let service: SmallService;
  let door: FastifyInstance;
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const reply = await door.inject({ method: 'POST', url: `/v1/models/${path}`, payload, headers });
    return { status: reply.statusCode, text: reply.body, headers: reply.headers };
  };
  const answer = async (path: string, body: unknown) => {
    const { status, text } = await post(path, body);
    equal(status, 200, text);
    return JSON.parse(text) as unknown;
  };
  const refusal = async (path: string, body: unknown) => {
    const { status, text } = await post(path, body);
    const { error, ...rest } = JSON.parse(text) as { error: string };
    deepEqual(rest, {});
    return `${status} ${error}`;
  };

  beforeEach(() => {
    service = new SmallService();
    door = restDoor({ service, gate: smallGate(false), limits: SMALL_LIMITS, log: silent });
  });
  afterEach(() => door.close());

  it('answers rows with rows, to the letter', async () => {
    const { text, headers } = await post('double:predict', {
      instances: [
        [1, 2],
        [3.25, -4],
      ],
    });
    equal(text, '{\n    "predictions": [[4.0, 6.0], [8.5, -6.0]\n    ]\n}');
    equal(headers['content-type'], 'application/json');
    match(String(headers['x-request-id']), /^[0-9a-f-]{36}$/);
  });

  it('answers columns with columns', async () => {
    deepEqual(await answer('double:predict', { inputs: [[1, 2]] }), { outputs: [[4, 6]] });
    deepEqual(await answer('double:predict', { inputs: { x: [[1, 2]] } }), { outputs: [[4, 6]] });
  });

  it('leads a version, a label and neither to whom they name', async () => {
    const body = { instances: [{ x: [0, 0] }] };
    deepEqual(await answer('double/versions/1:predict', body), { predictions: [[1, 1]] });
    deepEqual(await answer('double/labels/stable:predict', body), { predictions: [[1, 1]] });
    deepEqual(await answer('double/labels/canary:predict', body), { predictions: [[2, 2]] });
    deepEqual(await answer('double:predict', body), { predictions: [[2, 2]] });
  });

  it('takes several inputs by name and names several outputs', async () => {
    const rows = {
      signature_name: 'sum_and_echo',
      instances: [
        { a: 0.5, b: [1, 2] },
        { b: [3, -4], a: 1 },
      ],
    };
    const predictions = [
      { echo: [1, 2], sum: 3.5 },
      { echo: [3, -4], sum: 0 },
    ];
    deepEqual(await answer('double:predict', rows), { predictions });
    const columns = {
      signature_name: 'sum_and_echo',
      inputs: {
        a: [0.5, 1],
        b: [
          [1, 2],
          [3, -4],
        ],
      },
    };
    const outputs = {
      echo: [
        [1, 2],
        [3, -4],
      ],
      sum: [3.5, 0],
    };
    deepEqual(await answer('double:predict', columns), { outputs });
  });

  it('reads a signature that is named after the tensors', async () => {
    const text = '{"inputs": {"a": [1], "b": [[2, 3]]}, "signature_name": "sum_and_echo"}';
    deepEqual(await answer('double:predict', text), { outputs: { echo: [[2, 3]], sum: [6] } });
    const escaped = text.replace('signature_name', 'signature\\u005fname');
    deepEqual(await answer('double:predict', escaped), { outputs: { echo: [[2, 3]], sum: [6] } });
  });

  it('takes and gives bytes in base64', async () => {
    const bytes = { b64: Buffer.from([0, 255, 10]).toString('base64') };
    const rows = { signature_name: 'bytes', instances: [bytes, 'plain'] };
    const plain = { b64: Buffer.from('plain').toString('base64') };
    deepEqual(await answer('double:predict', rows), { predictions: [bytes, plain] });
    deepEqual(await answer('double:predict', { signature_name: 'bytes', inputs: [bytes] }), {
      outputs: [bytes],
    });
    const broken = { signature_name: 'bytes', instances: [{ b64: '!' }] };
    equal(await refusal('double:predict', broken), '400 Unable to base64 decode');
  });

  it('takes and gives NaN, the infinities and int64 beyond 2**53', async () => {
    const { text } = await post('double:predict', '{"instances": [[NaN, -Infinity], [1e-7, 16777216]]}');
    equal(text, '{\n    "predictions": [[NaN, -Infinity], [2.00000024, 33554432.0]\n    ]\n}');
    const large =
      '{"signature_name": "identity_int64", "inputs": [9223372036854775807, -9223372036854775808]}';
    match((await post('double:predict', large)).text, /\[9223372036854775807, -9223372036854775808\]/);
    const over = large.replace('775807', '775808');
    equal(
      await refusal('double:predict', over),
      '400 JSON Value of Type: Number is not of expected type: int64',
    );
  });

  it('unpacks gzip, but no more than a body may have', async () => {
    const packed = { 'content-encoding': 'gzip' };
    const { status } = await post('double:predict', gzipSync('{"instances": [[1, 2]]}'), packed);
    equal(status, 200);
    const bomb = gzipSync(Buffer.alloc(2 * SMALL_LIMITS.bodyBytes, 0x20));
    equal((await post('double:predict', bomb, packed)).status, 400);
    equal((await post('double:predict', Buffer.from('{}'), packed)).status, 400);
  });

  const wrong: [what: string, body: string, error: string][] = [
    ['nothing', '', 'JSON Parse error: The document is empty'],
    ['a list', '[1]', 'JSON Value: Is not object'],
    [
      'half a text',
      '{"instances": [[1, 2',
      'JSON Parse error: Missing a comma or ] after an array element. at offset: 20',
    ],
    ['a text that ends before its value', '{"instances":', 'JSON Parse error: Invalid value. at offset: 13'],
    ['a name that ends at once', '{"signature_name":', 'JSON Parse error: Invalid value. at offset: 18'],
    ['no JSON', '{"instances": [[1, two]]}', 'Failed to process'],
    ['neither key', '{}', "Missing 'inputs' or 'instances' key"],
    [
      'both keys',
      '{"instances": [[1, 2]], "inputs": [[1, 2]]}',
      "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist",
    ],
    ['no list', '{"instances": {"x": 1}}', "Expecting 'instances' to be an list/array"],
    ['no rows', '{"instances": []}', "No values in 'instances' array"],
    [
      'ragged rows',
      '{"instances": [[1, 2], [1]]}',
      "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: 1",
    ],
    [
      'another rank',
      '{"instances": [[1, 2], 3]}',
      "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: 1",
    ],
    [
      'a ragged row',
      '{"signature_name": "identity_float32", "instances": [[[1, 2], [1]]]}',
      "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: Encountered list at unexpected size: 1 at level: 1 expected size: 2",
    ],
    [
      'a string',
      '{"instances": [["1", 2]]}',
      "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value of Type: String is not of expected type: float",
    ],
    [
      'null',
      '{"instances": [[null, 2]]}',
      "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value of Type: Null is not of expected type: float",
    ],
    [
      'a fraction for an integer',
      '{"signature_name": "identity_int32", "inputs": [1.0]}',
      'JSON Value of Type: Number is not of expected type: int32',
    ],
    [
      'an integer too large',
      '{"signature_name": "identity_uint8", "inputs": [256]}',
      'JSON Value of Type: Number is not of expected type: uint8',
    ],
    [
      'a foreign name',
      '{"instances": [{"z": [1, 2]}]}',
      "Failed to process element: 0 key: z of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have named input: z",
    ],
    [
      'a missing name',
      '{"signature_name": "sum_and_echo", "instances": [{"a": 1}]}',
      "Failed to process element: 0 of 'instances' list. JSON object: keys must be equal to: a,b",
    ],
    [
      'a plain row for two inputs',
      '{"signature_name": "sum_and_echo", "instances": [1]}',
      'instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map',
    ],
    [
      'a plain column for two inputs',
      '{"signature_name": "sum_and_echo", "inputs": [1]}',
      'inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map',
    ],
    [
      'a list among objects',
      '{"instances": [{"x": [1, 2]}, [1, 2]]}',
      'Expecting object but got list at item 1 of input list',
    ],
    [
      'an object among lists',
      '{"instances": [[1, 2], {"x": [1, 2]}]}',
      'Expecting value/list but got object at item 1 of input list',
    ],
    [
      'a foreign signature',
      '{"signature_name": "none", "instances": [1]}',
      'Serving signature name: "none" not found in signature def',
    ],
    [
      'a signature that is no text',
      '{"signature_name": 7, "instances": [1]}',
      "JSON Value: not formatted correctly. 'signature_name' key must be a string value.",
    ],
    [
      'a wrong shape',
      '{"instances": [[1, 2, 3]]}',
      'The input x is of shape [1, 3]; it takes DT_FLOAT [any, 2].',
    ],
    [
      'a number without end',
      '{"instances": [[1e, 2]]}',
      'JSON Parse error: Miss exponent in number. at offset: 18',
    ],
    [
      'a number too big',
      '{"instances": [[1e999, 2]]}',
      'JSON Parse error: Number too big to be stored in double. at offset: 16',
    ],
    [
      'an octal',
      '{"instances": [[01, 2]]}',
      'JSON Parse error: Missing a comma or ] after an array element. at offset: 17',
    ],
    ['a comma too many', '{"instances": [[1, 2,]]}', 'Failed to process'],
  ];
  for (const [what, body, error] of wrong) {
    it(`says what is wrong with ${what}`, async () => {
      const said = await refusal('double:predict', body);
      if (error === 'Failed to process') match(said, /^400 (JSON Parse error|Failed to process)/);
      else equal(said, `400 ${error}`);
    });
  }

  it('holds to the limits of depth, rows and bytes', async () => {
    const { depth, rows, bodyBytes } = SMALL_LIMITS;
    const deep = `{"inputs": ${'['.repeat(depth + 1)}1${']'.repeat(depth + 1)}}`;
    match(await refusal('double:predict', deep), /^400 JSON Parse error: Nested deeper than the 32 levels/);
    const hidden = `{"other": ${'['.repeat(200_000)}`;
    match(await refusal('double:predict', hidden), /^400 JSON Parse error: Nested deeper/);
    const many = { instances: Array.from({ length: rows + 1 }, () => [1, 2]) };
    match(await refusal('double:predict', many), /^400 'instances' has more than the 1024 rows/);
    match(await refusal('double:predict', { inputs: many.instances }), /^400 The input x has 1025 rows/);
    equal((await post('double:predict', ' '.repeat(bodyBytes + 1))).status, 413);
  });

  it('answers who is not there, or cannot, with its code', async () => {
    const body = { instances: [[1, 2]] };
    equal(await refusal('other:predict', body), '404 Servable not found for request: Latest(other)');
    equal(
      await refusal('double/versions/7:predict', body),
      '404 Servable not found for request: Specific(double, 7)',
    );
    equal(await refusal('double/labels/none:predict', body), '400 Unrecognized servable version label: none');
    service.failing = new ServingProblem('RESOURCE_EXHAUSTED', 'The queue is full.', 2);
    const full = await post('double:predict', body);
    deepEqual([full.status, full.headers['retry-after']], [429, '2']);
    service.failing = new TypeError('a secret of the inside');
    const broken = await post('double:predict', body);
    equal(broken.status, 500);
    equal(broken.text.includes('secret'), false);
  });

  it('hands on who asks, for whom, and when nobody waits any more', async () => {
    await post('double:predict', { instances: [[1, 2]] }, { 'x-user-id': 'ada' });
    const [{ context } = { context: undefined! }] = service.calls;
    deepEqual([context.door, context.caller.name, context.user], ['rest', 'local', 'ada']);
    const { promise, resolve } = Promise.withResolvers<void>();
    service.held = promise;
    const address = await door.listen({ port: 0, host: '127.0.0.1' });
    const gone = new AbortController();
    const asked = fetch(`${address}/v1/models/double:predict`, {
      ...{ method: 'POST', body: '{"instances": [[1, 2]]}', signal: gone.signal },
    }).catch((error: unknown) => (error as Error).name);
    while (service.calls.length < 2) await new Promise((later) => setTimeout(later, 5));
    equal(service.calls[1]!.context.signal!.aborted, false);
    gone.abort();
    equal(await asked, 'AbortError');
    const { signal } = service.calls[1]!.context;
    if (!signal!.aborted) await new Promise((heard) => signal!.addEventListener('abort', heard));
    resolve();
  });
});
