import { predictorOf } from '../model/predictor.ts';
import { layoutOf, viewOf } from '../model/parameters.ts';
import type { TrainedNetwork } from '../forecasters/transformer.ts';
import type { IssueScaling } from '../sequences/issue-scaling.ts';

/**
 * A network that answers for a region too that it was not trained on. What it has for each region by itself, it takes
 * as the mean over those it knows; what scales the region's own features comes from the region's own record.
 */
export async function withUnseenRegion(
  network: TrainedNetwork,
  region: string,
  scaling: IssueScaling | undefined,
): Promise<TrainedNetwork> {
  const { config, weights } = network.model;
  const wider = { ...config, regions: [...config.regions, region] };
  const [from, to] = [layoutOf(config), layoutOf(wider)];
  const extended = new Float32Array(to.size);
  for (const parameter of from.parameters) {
    const known = viewOf(weights, parameter);
    const into = viewOf(extended, to.byName.get(parameter.name)!);
    into.set(known);
    if (into.length === known.length) continue;
    const [rows, columns] = parameter.shape;
    for (let i = 0; i < known.length; i++) into[known.length + (i % columns)]! += known[i]! / rows;
  }
  const own = scaling?.regions[region];
  return {
    ...network,
    model: await predictorOf(wider, extended),
    scaling: own
      ? { ...network.scaling, regions: { ...network.scaling.regions, [region]: own } }
      : network.scaling,
  };
}
