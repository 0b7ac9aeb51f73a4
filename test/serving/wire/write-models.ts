// Writes SavedModels for `test/serving/peers.py`, which knows what they answer by heart:
//   node test/serving/wire/write-models.ts FOLDER
// FOLDER/half has versions 1, 2 and 3, and FOLDER/models.config serves 1 as `stable` and 2 as `canary`.
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BATCH } from '../../../src/export/graph.ts';
import { GraphBuilder } from '../../../src/export/graph-builder.ts';
import { Message } from '../../../src/export/protobuf.ts';
import { encodeSavedModel } from '../../../src/export/saved-model.ts';
import { WireMessage } from '../../../src/export/wire-message.ts';

/** half = x / 2 + version; scores = softmax(x); outputs = mean(x), all of rows of two. */
function halfGraph(version: number) {
  const told = { axes: ['rows', 'columns'], unit: '1', about: 'for tests' };
  const g = new GraphBuilder();
  const x = g.input({ ...told, name: 'x', dtype: 'float32', shape: [BATCH, 2] });
  g.output({ ...told, name: 'half' }, g.add(g.multiply(x, 0.5), version));
  g.output({ ...told, name: 'scores' }, g.softmax(x));
  g.output({ ...told, name: 'outputs' }, g.mean(x));
  return g.build();
}

/** With signatures that take one output each, beside `serving_default`, which has all three. */
function withSignatures(savedModel: Uint8Array): Uint8Array {
  const file = new WireMessage(savedModel);
  const meta = file.blobs(2)[0]!;
  const entry = new WireMessage(meta).messages(5)[0]!;
  const whole = entry.message(2);
  const infos = new Map(
    [1, 2].flatMap((field) =>
      whole.messages(field).map((port) => [port.text(1), port.blobs(2)[0]!] as const),
    ),
  );
  const signature = (method: string, output: string) =>
    new Message()
      .message(1, new Message().text(1, 'x').bytes(2, infos.get('x')!))
      .message(2, new Message().text(1, output).bytes(2, infos.get(output)!))
      .text(3, `tensorflow/serving/${method}`);
  const more = new Message()
    .entry(5, 'half_only', signature('predict', 'half'))
    .entry(5, 'classify_x', signature('classify', 'scores'))
    .entry(5, 'regress_x', signature('regress', 'outputs'));
  // Messages one after another are one: so signatures are put to those that are there.
  return new Message()
    .integer(1, file.number(1))
    .bytes(2, Buffer.concat([meta, more.encode()]))
    .encode();
}

const folder = resolve(process.argv[2]!);
for (const version of [1, 2, 3]) {
  const place = join(folder, 'half', String(version));
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'saved_model.pb'), withSignatures(encodeSavedModel(halfGraph(version))));
}
await writeFile(
  join(folder, 'models.config'),
  `model_config_list {
  config {
    name: "half"
    base_path: "${join(folder, 'half')}"
    model_platform: "tensorflow"
    model_version_policy { specific { versions: 1 versions: 2 } }
    version_labels { key: "stable" value: 1 }
    version_labels { key: "canary" value: 2 }
  }
}
`,
);
