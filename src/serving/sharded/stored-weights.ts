import type { ArtifactReference } from '../../contracts/artifact.ts';
import { CorruptArtifactError } from '../../errors.ts';
import { readNetworkRecord } from '../../export/read-network.ts';
import { MODEL_FILE_CURE, verifiedPath } from '../../lake/artifacts.ts';
import type { Home } from '../../lake/home.ts';
import { SafetensorsFile, type Tensor } from '../../lake/safetensors.ts';
import type { ModelConfig } from '../../model/config.ts';
import { layoutOf, type Parameter } from '../../model/parameters.ts';
import { readParameter, stored } from '../../model/stored-parameters.ts';
import type { ServedNetwork } from './served-network.ts';
import type { WeightSource } from './weight-source.ts';

/** As the file of a fitted transformer has them: all in one array. */
const FLAT = 'weights';

/** A registered version's network, whose weights stay in their file until a shard is given its own. */
export async function servedFromHome(home: Home, name: string, version: number): Promise<ServedNetwork> {
  const { network, file } = await readNetworkRecord(home, name, version);
  return { ...network, weights: () => weightsInFile(home, file, network.config) };
}

/** The file's hash is checked as a whole first; then one parameter is in memory at a time. */
export async function weightsInFile(
  home: Home,
  reference: ArtifactReference,
  config: ModelConfig,
): Promise<WeightSource> {
  const path = await verifiedPath(home, reference);
  const file = await SafetensorsFile.open(path);
  const { byName } = layoutOf(config);
  const read = file.names.includes(FLAT) ? readFlat : readNamed;
  return {
    read: (name) => read(file, byName.get(name)!),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function readFlat(file: SafetensorsFile, { offset, shape }: Parameter): Promise<Float32Array> {
  const { data } = await file.read(FLAT, offset, offset + shape[0] * shape[1]);
  return data as Float32Array;
}

async function readNamed(file: SafetensorsFile, parameter: Parameter): Promise<Float32Array> {
  const { name, shape } = parameter;
  const there = new Set(file.names);
  const tensors = new Map<string, Tensor>();
  for (const part of [name, ...Object.values(stored(name))])
    if (there.has(part)) tensors.set(part, await file.read(part));
  const values = new Float32Array(shape[0] * shape[1]);
  const read = readParameter(tensors, parameter, values);
  if (read === true) return values;
  throw new CorruptArtifactError(`${file.path} ${read}.`, MODEL_FILE_CURE);
}
