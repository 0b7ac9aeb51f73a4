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
  const row = (what: string, digits: number, was: number, is: number, times = was / is) => [
    ...[what, figure(was, digits), figure(is, digits), `${figure(times, 2)}×`],
  ];
  const kilobytes = (what: string, was: number, is: number) => row(`${what}, kB`, 0, was / 1000, is / 1000);
  const [was, is] = [speed.before, speed.after];
  return table(
    ['size and speed of the network', 'before', 'now', ''],
    [
      row('weights', 0, before.weights, after.weights),
      kilobytes('its files in the version', before.files, after.files),
      kilobytes('in memory', before.memory, after.memory),
      kilobytes('as ONNX', before.onnx, after.onnx),
      kilobytes('as ONNX, compressed', before.onnxCompressed, after.onnxCompressed),
      row(`ms of an answer from ${speed.hours} hours`, 1, 1000 * was.seconds, 1000 * is.seconds),
      row('ms of processor time', 1, 1000 * was.processorSeconds, 1000 * is.processorSeconds),
      row('answers a second', 1, 1 / was.seconds, 1 / is.seconds, was.seconds / is.seconds),
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
