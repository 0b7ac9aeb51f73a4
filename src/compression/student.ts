import type { DistilSettings } from '../contracts/compression.ts';
import { BadInputError } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import { initialWeights, layoutOf, viewOf } from '../model/parameters.ts';
import { randomOf } from '../model/random.ts';

/** A smaller network of the same inputs and answers. */
export function studentConfig(teacher: ModelConfig, { layers, width }: DistilSettings): ModelConfig {
  const headDim = teacher.width / teacher.heads;
  const size = {
    width: width ?? teacher.width,
    layers: layers ?? (width === undefined ? Math.ceil(teacher.layers / 2) : teacher.layers),
  };
  const heads = size.width / headDim;
  if (!Number.isInteger(heads)) {
    throw new BadInputError(
      `A width of ${size.width} cannot be split into heads that are ${headDim} wide, as the network's are.`,
      `Give a multiple of ${headDim} with --width.`,
    );
  }
  const shared = (teacher.kvHeads * heads) / teacher.heads;
  const student = {
    ...teacher,
    ...size,
    heads,
    kvHeads: Number.isInteger(shared) && shared > 0 ? shared : heads,
    mlpWidth: (teacher.mlpWidth / teacher.width) * size.width,
  };
  if (layoutOf(student).size < layoutOf(teacher).size) return student;
  throw new BadInputError(
    `A network of ${size.layers} layers of ${size.width} is not smaller than the version's, of ${teacher.layers} of ${teacher.width}.`,
    'Give fewer --layers or a smaller --width.',
  );
}

/**
 * Where it begins: with every parameter of the teacher that has its shape, its layers those that lie evenly among the
 * teacher's (Sanh et al. 2019, arXiv:1910.01108), the rest drawn from the seed. So the linear paths and the tables by
 * region are there from the start.
 */
export function studentWeights(
  teacher: { config: ModelConfig; weights: Float32Array },
  config: ModelConfig,
  seed: number,
): Float32Array {
  const [from, into] = [layoutOf(teacher.config), layoutOf(config)];
  const weights = initialWeights(into, randomOf('student', seed));
  for (const parameter of into.parameters) {
    const name = parameter.name.replace(
      /^layer\.(\d+)\./,
      (_, layer: string) => `layer.${Math.floor((Number(layer) * teacher.config.layers) / config.layers)}.`,
    );
    const own = from.byName.get(name);
    if (own?.shape.join() !== parameter.shape.join()) continue;
    viewOf(weights, parameter).set(viewOf(teacher.weights, own));
  }
  return weights;
}
