import { viewOf, type Parameter, type ParameterLayout } from './parameters.ts';
import type { Matrix } from './segments.ts';

/** The parameters (or their gradients) that a sequence of one region uses, by name. */
export class ParameterViews {
  readonly #layout: ParameterLayout;
  readonly #flat: Float32Array;
  readonly #region: number;

  constructor(layout: ParameterLayout, flat: Float32Array, region: number) {
    this.#layout = layout;
    this.#flat = flat;
    this.#region = region;
  }

  matrices(names: readonly string[]): Matrix[] {
    return names.map((name) => {
      const parameter = this.#used(name);
      return { data: viewOf(this.#flat, parameter), shape: parameter.shape };
    });
  }

  /** Adds to what stands under `names`: a gradient is the sum over chunks and sequences, in their order. */
  add(names: readonly string[], values: readonly Float32Array[]): void {
    names.forEach((name, at) => {
      const target = viewOf(this.#flat, this.#used(name));
      const addend = values[at]!;
      for (let i = 0; i < target.length; i++) target[i] = target[i]! + addend[i]!;
    });
  }

  /** Of a parameter with a row for each region, a sequence uses one row. */
  #used(name: string): Parameter {
    const parameter = this.#layout.byName.get(name)!;
    if (!name.endsWith('.region')) return parameter;
    const [, columns] = parameter.shape;
    return { ...parameter, shape: [1, columns], offset: parameter.offset + this.#region * columns };
  }
}
