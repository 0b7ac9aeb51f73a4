import type { CompressionSettings } from '../contracts/compression.ts';
import type { Compressed } from '../compression/compress.ts';
import { lossOf, type Comparison } from '../compression/gate.ts';
import { table } from './table.ts';

/** What a smaller network errs by beside the one that it was made of, and what it takes. */
export function compressionLines(done: Compressed): string[] {
  const { name, version, reused, compression, validation, comparisons, scores } = done;
  const { parent, settings } = compression;
  return [
    `${name} version ${version}${reused ? ', which was there already' : ''}: the network of version ${parent.version}, ${made(settings)}. It is not promoted.`,
    '',
    `Errors on the validation issues, ${validation.from} to ${validation.to}`,
    comparisonTable(comparisons),
    '',
    'MAPE of the whole version on the hours that its scores are of, %',
    table(
      ['region', `version ${parent.version}`, `version ${version}`],
      scores.after.map(({ region, mape }) => {
        const before = scores.before.find((score) => score.region === region);
        return [region, figure(before?.mape['model'], 3), figure(mape['model'], 3)];
      }),
    ),
    '',
    sizeTable(done),
    ...notes(done),
  ];
}

export function comparisonTable(comparisons: readonly Comparison[]): string {
  return table(
    ['region', 'who', 'hours', 'MAPE, %', 'now', 'pinball, MW', 'now', 'worse by, %'],
    comparisons.map((comparison) => {
      const { region, subject, before, after } = comparison;
      return [
        ...[region, subject, String(after.hours), figure(before.mape, 3), figure(after.mape, 3)],
        ...[figure(before.pinballMw, 2), figure(after.pinballMw, 2), figure(100 * lossOf(comparison), 2)],
      ];
    }),
  );
}

function sizeTable({ before, after, speed }: Compressed): string {
  const kilobytes = (bytes: number) => figure(bytes / 1000, 0);
  const row = (what: string, was: number, is: number, show = kilobytes) => [
    ...[what, show(was), show(is), `${figure(was / is, 2)}×`],
  ];
  const speeds = row(`answers a second, ${speed.hours} hours of history`, speed.before, speed.after, (rate) =>
    figure(rate, 1),
  );
  return table(
    ['size and speed of the network', 'before', 'now', ''],
    [
      row('weights', before.weights, after.weights, String),
      row('its files in the version, kB', before.files, after.files),
      row('in memory, kB', before.memory, after.memory),
      row('as ONNX, kB', before.onnx, after.onnx),
      row('as ONNX, compressed, kB', before.onnxCompressed, after.onnxCompressed),
      [...speeds.slice(0, 3), `${figure(speed.after / speed.before, 2)}×`],
    ],
  );
}

function notes({ compression: { settings }, after }: Compressed): string[] {
  switch (settings.method) {
    case 'quantise':
      return ['It computes in float32 with the weights of int8: less to store and to send, no less time.'];
    case 'prune':
      return [
        `${figure(100 * after.zeros, 1)} % of the weights are 0. Products are computed with them all the same: less to store and to send, no less time.`,
      ];
    case 'distil':
      return [];
  }
}

function made(settings: CompressionSettings): string {
  switch (settings.method) {
    case 'quantise':
      return 'its products in int8';
    case 'prune':
      return `${figure(100 * settings.sparsity, 0)} % of each of its products 0${settings.steps > 0 ? `, the rest trained for ${settings.steps} steps` : ''}`;
    case 'distil':
      return `taught to a smaller one in ${settings.steps} steps`;
  }
}

const figure = (value: number | null | undefined, digits: number) =>
  typeof value === 'number' ? value.toFixed(digits) : '–';
