import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import { networkGraph } from '../../src/export/network-graph.ts';
import { Message } from '../../src/export/protobuf.ts';
import { encodeSavedModel } from '../../src/export/saved-model.ts';
import { readSignatures, signatureNamed } from '../../src/export/signatures.ts';
import { WireMessage } from '../../src/export/wire-message.ts';
import { encodeSafetensors, tensor } from '../../src/lake/safetensors.ts';
import { reasonOf, ringwatt } from '../cli/command.ts';
import { refusalOf } from '../cli/refusals.ts';
import { smallNetwork } from './small-network.ts';

/** A field a line, most of them those that protobuf.dev/programming-guides/encoding shows. */
const BYTES = ['089601', '120774657374696e67', '1a03089601', '20ffffffffffffffffff01', '2d0000c03f'].join('');

describe('the wire format of Protocol Buffers', () => {
  it('is written as its documentation has it', () => {
    const written = new Message()
      .integer(1, 150)
      .text(2, 'testing')
      .message(3, new Message().integer(1, 150))
      .integer(4, -1)
      .float(5, 1.5)
      .encode();
    assert.equal(Buffer.from(written).toString('hex'), BYTES);
    const packed = new Message().integers(6, [3, 270, 86_942]).entry(7, 'a', new Message()).encode();
    assert.equal(Buffer.from(packed).toString('hex'), '3206038e029ea7053a050a01611200');
  });

  it('is read back', () => {
    const message = new WireMessage(Buffer.from(BYTES, 'hex'));
    assert.deepEqual(
      [1, 4, 5].map((field) => message.number(field)),
      [150, -1, 1.5],
    );
    assert.deepEqual(
      [message.text(2), message.message(3).number(1), message.has(6)],
      ['testing', 150, false],
    );
  });

  it('that is cut off anywhere is refused, not misread', () => {
    const whole = Buffer.from(BYTES, 'hex');
    const ends = new Set([0, 3, 12, 17, 28, 33]);
    for (let length = 0; length < whole.length; length++) {
      const read = () => new WireMessage(whole.subarray(0, length));
      if (ends.has(length)) assert.doesNotThrow(read);
      else assert.throws(read, RangeError, `of ${length} bytes`);
    }
    assert.throws(() => new WireMessage(Buffer.alloc(12, 255)), RangeError);
  });
});

describe('the signatures of a SavedModel', () => {
  let root: string;
  let folder: string;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'ringwatt-test-'));
    folder = join(root, 'model');
    await mkdir(folder);
    await writeFile(
      join(folder, 'saved_model.pb'),
      encodeSavedModel(networkGraph(smallNetwork('signatures'))),
    );
  });
  after(() => rm(root, { recursive: true, force: true }));

  it('are told by name, type and shape', async () => {
    const signatures = await readSignatures(folder);
    const { inputs, outputs } = signatureNamed(signatures, 'serving_default');
    assert.deepEqual(
      inputs.map(({ name }) => name),
      ['base_mw', 'history', 'history_hours', 'issue_day', 'issue_features', 'region'],
    );
    const history = { name: 'history', tensor: 'history:0', dtype: 'DT_FLOAT', shape: [-1, 24, 5] };
    assert.deepEqual(inputs[1], history);
    assert.deepEqual(
      outputs.map(({ name, shape }) => [name, shape]),
      [
        ['hourly_ratio', [-1, 4]],
        ['quantiles_mw', [-1, 3, 5]],
      ],
    );
    assert.throws(() => signatureNamed(signatures, 'train'), BadInputError);
  });

  it('of what is no SavedModel are refused', async () => {
    await assert.rejects(readSignatures(root), MissingDataError);
    const broken = join(root, 'broken');
    await mkdir(broken);
    for (const bytes of [Buffer.alloc(40, 255), new Message().integer(1, 1).encode()]) {
      await writeFile(join(broken, 'saved_model.pb'), bytes);
      await assert.rejects(readSignatures(broken), CorruptArtifactError);
    }
  });

  it('are asked by TensorFlow’s own library alone', async () => {
    const inputs = join(root, 'in.safetensors');
    await writeFile(inputs, encodeSafetensors({ region: tensor(Int32Array.of(0), [1]) }));
    const output = join(root, 'out.safetensors');
    const asked = ['saved-model', folder, '--home', join(root, 'home'), '--inputs', inputs];
    assert.match(await refusalOf(asked), /^--inputs and --output belong together/);
    assert.match(await refusalOf([...asked, '--output', inputs]), /is there already/);
    const nothingBuilt = { XDG_CACHE_HOME: join(root, 'cache') };
    const ended = await ringwatt([...asked, '--output', output], nothingBuilt);
    assert.notEqual(ended.code, 0);
    assert.match(reasonOf(ended), /TensorFlow's own library: .* Run `setup tensorflow`\./);
  });
});
