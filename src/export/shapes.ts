import { BATCH, type Operation, type Value } from './graph.ts';

type Shape = readonly number[];

/** The shape that an operation gives; a graph that does not fit together is a fault of whoever wrote it. */
export function shapeAfter(operation: Operation, inputs: readonly Value[]): number[] {
  const [a = [], b = [], c = []] = inputs.map(({ shape }) => shape);
  switch (operation.op) {
    case 'add':
    case 'subtract':
    case 'multiply':
    case 'divide':
    case 'minimum':
    case 'maximum':
    case 'greaterEqual':
    case 'less':
    case 'and':
      return broadcast(a, b);
    case 'where':
      return broadcast(a, broadcast(b, c));
    case 'matmul':
      return [...broadcast(a.slice(0, -2), b.slice(0, -2)), ...productShape(a, b)];
    case 'mean':
      return [...a.slice(0, -1), 1];
    case 'gather':
      return [...b, ...a.slice(1)];
    case 'reshape':
      return reshaped(a, operation.shape);
    case 'transpose':
      return operation.order.map((axis) => a[axis]!);
    case 'concat':
      return a.map((size, axis) => (axis === operation.axis ? sumAlong(inputs, axis) : size));
    case 'slice':
      return a.map((size, axis) => (axis === operation.axis ? sliced(size, operation) : size));
    default:
      return [...a];
  }
}

function broadcast(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const padded = (shape: Shape) => [...Array.from({ length: rank - shape.length }, () => 1), ...shape];
  const [left, right] = [padded(a), padded(b)];
  return left.map((size, axis) => {
    const other = right[axis]!;
    requireThat(size === other || size === 1 || other === 1, `[${a}] and [${b}] are not broadcast together`);
    return size === 1 ? other : size;
  });
}

function productShape(a: Shape, b: Shape): number[] {
  requireThat(a.at(-1) === b.at(-2), `[${a}] and [${b}] cannot be multiplied`);
  return [a.at(-2)!, b.at(-1)!];
}

function reshaped(from: Shape, to: Shape): number[] {
  const known = (shape: Shape) => shape.filter((size) => size !== BATCH).reduce((x, y) => x * y, 1);
  const whole = (from[0] === BATCH) === (to[0] === BATCH) && known(from) === known(to);
  requireThat(whole, `[${from}] does not hold as many values as [${to}]`);
  return [...to];
}

function sumAlong(inputs: readonly Value[], axis: number): number {
  return inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
}

function sliced(size: number, { from, to }: { from: number; to: number }): number {
  requireThat(from >= 0 && from < to && to <= size, `${from} to ${to} is no part of ${size}`);
  return to - from;
}

function requireThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new TypeError(`The graph does not fit together: ${otherwise}.`);
}
