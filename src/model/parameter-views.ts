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

  array(name: string): Float32Array {
    return viewOf(this.#flat, this.#used(name));
  }

  arrays(names: readonly string[]): Float32Array[] {
    return names.map((name) => this.array(name));
  }

  /** Of a parameter with a row for each region, a sequence uses one row. */
  #used(name: string): Parameter {
    const parameter = this.#layout.byName.get(name)!;
    if (!name.endsWith('.region')) return parameter;
    const [, columns] = parameter.shape;
    return { ...parameter, shape: [1, columns], offset: parameter.offset + this.#region * columns };
  }
}
