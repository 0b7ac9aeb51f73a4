import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Message } from '../../../src/export/protobuf.ts';
import { Engine } from '../../../src/serving/engine/engine.ts';
import { Engines } from '../../../src/serving/engine/engines.ts';
import { loadHere } from '../../../src/serving/engine/here.ts';
import type { ServingTensor, TensorMap } from '../../../src/serving/tensor.ts';
import { silentLogger } from '../../../src/stages/context.ts';
import { denseAnswer, denseModel, placeVersion } from '../dense.ts';
import { wideModel } from './wide-model.ts';

const asked = (rows: readonly (readonly number[])[]): TensorMap =>
  new Map([['x', { dtype: 'float32', shape: [rows.length, 3], data: Float32Array.from(rows.flat()) }]]);
const ROWS = [
  [1, -2, 0.25],
  [0, 1e3, -0.75],
];

describe('an engine', () => {
  let place: string;
  let engine: Engine;
  const savedModel = async (bytes: Uint8Array) => {
    const folder = await mkdtemp(join(place, 'model-'));
    await placeVersion(folder, 1, bytes);
    return { kind: 'saved-model' as const, folder: join(folder, '1') };
  };

  before(async () => {
    place = await mkdtemp(join(tmpdir(), 'ringwatt-engine-'));
    engine = await Engine.start();
  });
  after(async () => {
    await engine[Symbol.asyncDispose]();
    await rm(place, { recursive: true });
  });

  it('answers what the graph computes, in its thread and in this one', async () => {
    const source = await savedModel(denseModel());
    for (const model of [await engine.load(source), await loadHere(source, () => undefined)]) {
      const y = (await model.run('serving_default', asked(ROWS))).get('y')!;
      deepEqual([y.dtype, y.shape], ['float32', [2, 3]]);
      deepEqual(
        [...(y.data as Float32Array)],
        ROWS.flatMap((row) => denseAnswer(row)),
      );
      match(model.sha256, /^[0-9a-f]{64}$/);
      await model.unload();
    }
  });

  it('runs what takes no time where it was asked, and says so', async () => {
    const told: object[] = [];
    await using engines = await Engines.start({ info: (fields) => told.push(fields) });
    const model = await engines.load(await savedModel(denseModel()), 8);
    equal((await model.run('serving_default', asked(ROWS))).get('y')!.shape[0], 2);
    equal(told.length, 1);
  });

  it('takes and gives integers, doubles, bytes, truth values and strings', async () => {
    const model = await engine.load(await savedModel(wideModel()));
    const inputs: TensorMap = new Map<string, ServingTensor>([
      ['long', { dtype: 'int64', shape: [2], data: BigInt64Array.of(1n, -7n) }],
      ['wide', { dtype: 'float64', shape: [2], data: Float64Array.of(0.5, -1e3) }],
      ['byte', { dtype: 'uint8', shape: [2], data: Uint8Array.of(0, 255) }],
      ['flag', { dtype: 'bool', shape: [2], data: Uint8Array.of(0, 1) }],
      ['word', { dtype: 'string', shape: [2], data: [Buffer.from('ä'), Buffer.from([0, 255])] }],
    ]);
    const answer = await model.run('serving_default', structuredClone(inputs) as TensorMap);
    for (const [name, { dtype, data }] of inputs) {
      const given = answer.get(`${name}_out`)!;
      equal(given.dtype, dtype);
      const shown = (values: ServingTensor['data']) =>
        [...values].map((value) => (typeof value === 'object' ? Buffer.from(value).toString('hex') : value));
      deepEqual(shown(given.data), shown(data), name);
    }
    const beyond = new Map(inputs).set('long', {
      dtype: 'int64',
      shape: [1],
      data: BigInt64Array.of(2n ** 40n),
    });
    await rejects(model.run('serving_default', beyond), {
      code: 'INVALID_ARGUMENT',
      message: /long is not within 32 bits/,
    });
    await model.unload();
  });

  it('refuses what only TensorFlow runs, what is no SavedModel and what is not there', async () => {
    await rejects(engine.load(await savedModel(withOperation('VarHandleOp'))), /VarHandleOp/);
    await rejects(engine.load(await savedModel(Buffer.from('rubbish'))), /not a SavedModel/);
    await rejects(engine.load({ kind: 'saved-model', folder: join(place, 'none') }), {
      name: 'MissingDataError',
    });
    await using engines = await Engines.start(silentLogger);
    await rejects(engines.load(await savedModel(withOperation('NoSuchOperation')), 4), /NoSuchOperation/);
    await rejects(
      engines.load(await savedModel(withOperation('IsNan')), 4),
      /output y is bool \[1\], which its signature does not promise/,
    );
  });

  it('fails the calls it has when its thread dies, and tells', async () => {
    const script = join(place, 'dying.mjs');
    await writeFile(
      script,
      `import { parentPort } from 'node:worker_threads';
       parentPort.postMessage({ kind: 'started', numerics: 'none' });
       parentPort.on('message', () => process.exit(3));`,
    );
    const dying = await Engine.start(pathToFileURL(script));
    await rejects(dying.load({ kind: 'saved-model', folder: place }), {
      code: 'UNAVAILABLE',
      message: /exit code 3/,
    });
    ok((await dying.died) instanceof Error);
    await rejects(dying.load({ kind: 'saved-model', folder: place }), { code: 'UNAVAILABLE' });
  });
});

/** A graph of one operation between an input and an output. */
function withOperation(op: string): Uint8Array {
  const type = new Message().integer(6, 1);
  const node = (name: string, kind: string, inputs: string[]) => {
    const message = new Message().text(1, name).text(2, kind);
    for (const input of inputs) message.text(3, input);
    return message.entry(5, kind === 'Placeholder' ? 'dtype' : 'T', type);
  };
  const graph = new Message().messages(1, [node('x', 'Placeholder', []), node('y', op, ['x'])]);
  const info = (name: string) =>
    new Message()
      .text(1, `${name}:0`)
      .integer(2, 1)
      .message(3, new Message().message(2, new Message().integer(1, -1)));
  const signature = new Message()
    .entry(1, 'x', info('x'))
    .entry(2, 'y', info('y'))
    .text(3, 'tensorflow/serving/predict');
  const meta = new Message()
    .message(1, new Message().text(4, 'serve'))
    .message(2, graph)
    .entry(5, 'serving_default', signature);
  return new Message().integer(1, 1).message(2, meta).encode();
}
