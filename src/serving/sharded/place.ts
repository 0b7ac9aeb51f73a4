import type { ModelConfig } from '../../model/config.ts';
import { layoutOf, type ParameterLayout } from '../../model/parameters.ts';
import { dealPositions } from '../../sequences/ring-layout.ts';

/** How many shards a network is cut into: `stages` of its layers, each held by a ring of `ranks`. */
export interface Arrangement {
  stages: number;
  ranks: number;
}

/** One shard: of which stage, and which tokens of the history. */
export interface Place extends Arrangement {
  stage: number;
  rank: number;
}

/** All places, the ranks of a stage one after another. */
export function placesOf({ stages, ranks }: Arrangement): Place[] {
  return Array.from({ length: stages * ranks }, (_, i) => ({
    ...{ stages, ranks, stage: Math.floor(i / ranks), rank: i % ranks },
  }));
}

/** Layers of a stage, `to` excluded: as many in each as the count lets. */
export function layersOf(layers: number, { stage, stages }: Pick<Place, 'stage' | 'stages'>) {
  return {
    from: Math.floor((stage * layers) / stages),
    to: Math.floor(((stage + 1) * layers) / stages),
  };
}

/** The parameters that a stage computes with, as one flat array of their own. */
export function stageLayout(config: ModelConfig, place: Pick<Place, 'stage' | 'stages'>): ParameterLayout {
  const { from, to } = layersOf(config.layers, place);
  const stageOf = (name: string): boolean => {
    const [part, layer] = name.split('.');
    if (part === 'embed') return place.stage === 0;
    if (part === 'layer') return Number(layer) >= from && Number(layer) < to;
    return place.stage === place.stages - 1;
  };
  let size = 0;
  const parameters = layoutOf(config)
    .parameters.filter(({ name }) => stageOf(name))
    .map((parameter) => {
      const offset = size;
      size += parameter.shape[0] * parameter.shape[1];
      return { ...parameter, offset };
    });
  return { parameters, byName: new Map(parameters.map((each) => [each.name, each])), size };
}

/** Who holds which hours of a history of so many, and which rank the last of them. */
export function dealHours(hours: number, ranks: number): { positions: Int32Array[]; last: number } {
  // Of a causal sequence each rank then has as much to do as the others.
  const { positions } = dealPositions(hours, ranks, 'zigzag');
  return { positions, last: positions.findIndex((own) => own.includes(hours - 1)) };
}
