import type { Constant, Dtype, Graph, GraphNode, Operation, Port, Value } from './graph.ts';
import type { Int8Matrix } from '../model/stored-parameters.ts';
import { shapeAfter } from './shapes.ts';

type Operand = Value | number;

/** Writes a graph down operation by operation. A plain number stands for a constant. */
export class GraphBuilder {
  readonly #inputs: Port[] = [];
  readonly #outputs: Port[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #nodes: GraphNode[] = [];

  input(port: Port): Value {
    this.#inputs.push(port);
    return port;
  }

  output(port: Omit<Port, 'dtype' | 'shape'>, value: Value): void {
    const { name } = port;
    const output = { name, dtype: value.dtype, shape: value.shape };
    this.#nodes.push({ op: 'identity', inputs: [value], output });
    this.#outputs.push({ ...port, ...output });
  }

  /** Weights and tables; one name is one constant. */
  constant(name: string, data: Float32Array, shape: readonly number[], int8?: Int8Matrix): Value {
    const found = this.#constants.get(name);
    if (found) return found;
    const constant = { name, dtype: 'float32' as const, shape, data, int8 };
    this.#constants.set(name, constant);
    return constant;
  }

  add = (a: Operand, b: Operand) => this.#node({ op: 'add' }, [a, b]);
  subtract = (a: Operand, b: Operand) => this.#node({ op: 'subtract' }, [a, b]);
  multiply = (a: Operand, b: Operand) => this.#node({ op: 'multiply' }, [a, b]);
  divide = (a: Operand, b: Operand) => this.#node({ op: 'divide' }, [a, b]);
  minimum = (a: Operand, b: Operand) => this.#node({ op: 'minimum' }, [a, b]);
  maximum = (a: Operand, b: Operand) => this.#node({ op: 'maximum' }, [a, b]);
  greaterEqual = (a: Operand, b: Operand) => this.#node({ op: 'greaterEqual' }, [a, b], 'bool');
  less = (a: Operand, b: Operand) => this.#node({ op: 'less' }, [a, b], 'bool');
  and = (a: Value, b: Value) => this.#node({ op: 'and' }, [a, b], 'bool');
  matmul = (a: Value, b: Value) => this.#node({ op: 'matmul' }, [a, b]);
  exp = (x: Value) => this.#node({ op: 'exp' }, [x]);
  sqrt = (x: Value) => this.#node({ op: 'sqrt' }, [x]);
  sigmoid = (x: Value) => this.#node({ op: 'sigmoid' }, [x]);
  softplus = (x: Value) => this.#node({ op: 'softplus' }, [x]);
  softmax = (x: Value) => this.#node({ op: 'softmax' }, [x]);
  mean = (x: Value) => this.#node({ op: 'mean' }, [x]);
  isNaN = (x: Value) => this.#node({ op: 'isNaN' }, [x], 'bool');
  toFloat = (x: Value) => this.#node({ op: 'toFloat' }, [x]);
  where = (condition: Value, then: Operand, otherwise: Operand) =>
    this.#node({ op: 'where' }, [condition, then, otherwise]);
  gather = (rows: Value, at: Value) => this.#node({ op: 'gather' }, [rows, at]);
  reshape = (x: Value, shape: readonly number[]) => this.#node({ op: 'reshape', shape }, [x]);
  transpose = (x: Value, order: readonly number[]) => this.#node({ op: 'transpose', order }, [x]);

  concat(parts: readonly Value[], axis: number): Value {
    return parts.length === 1 ? parts[0]! : this.#node({ op: 'concat', axis }, parts);
  }

  slice(x: Value, axis: number, from: number, to: number): Value {
    const whole = from === 0 && to === x.shape[axis];
    return whole ? x : this.#node({ op: 'slice', axis, from, to }, [x]);
  }

  build(): Graph {
    return {
      inputs: this.#inputs,
      outputs: this.#outputs,
      constants: [...this.#constants.values()],
      nodes: this.#nodes,
    };
  }

  #node(operation: Operation, operands: readonly Operand[], dtype: Dtype = 'float32'): Value {
    const inputs = operands.map((operand) => (typeof operand === 'number' ? this.#number(operand) : operand));
    const name = `${operation.op}_${this.#nodes.length}`;
    const output = { name, dtype, shape: shapeAfter(operation, inputs) };
    this.#nodes.push({ ...operation, inputs, output });
    return output;
  }

  #number(value: number): Value {
    const name = `number.${String(value).replace('-', 'minus_')}`.replace(/[^\w.]/g, '_');
    return this.constant(name, Float32Array.of(value), []);
  }
}
