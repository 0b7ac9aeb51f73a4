import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import type { Home } from '../lake/home.ts';
import { describe, type Description } from './description.ts';
import type { ExportFormat } from './formats.ts';
import type { Graph } from './graph.ts';
import type { RegisteredNetwork } from './network.ts';
import { networkGraph } from './network-graph.ts';
import { encodeOnnx } from './onnx.ts';
import { place, requireFree, type Content } from './place.ts';
import { readNetwork } from './read-network.ts';
import { encodeWeights } from './safetensors.ts';
import { encodeSavedModel } from './saved-model.ts';

export interface ExportOptions {
  name: string;
  /** Default: the champion. */
  version?: number | undefined;
  format: ExportFormat;
  output: string;
  compress: boolean;
}

export interface Exported {
  description: Description;
  format: ExportFormat;
  /** What was written: `output`, or with the ending of what was compressed. */
  path: string;
  bytes: number;
}

/** Writes the network of a registered version for other runtimes. */
export async function exportNetwork(
  home: Home,
  { name, version, format, output, compress }: ExportOptions,
): Promise<Exported> {
  const path = compress ? compressedName(output, format) : output;
  await requireFree(path);
  const network = await readNetwork(home, name, version);
  const graph = networkGraph(network);
  const description = describe(network, graph);
  const content = contentOf(format, network, graph, description);
  const written = compress ? compressed(content) : content;
  await place(path, written);
  return { description, format, path, bytes: sizeOf(written) };
}

/** What is written in a format: the bytes of one file, or of each file of a folder. */
export function contentOf(
  format: ExportFormat,
  network: RegisteredNetwork,
  graph: Graph,
  description: Description,
): Content {
  switch (format) {
    case 'onnx':
      return encodeOnnx(graph, description);
    case 'safetensors':
      return encodeWeights(network, description);
    case 'savedmodel':
      return {
        'saved_model.pb': encodeSavedModel(graph),
        // What TensorFlow leaves to whoever made the model.
        'assets.extra/ringwatt.json': Buffer.from(`${JSON.stringify(description, null, 2)}\n`),
      };
  }
}

/** A folder is one zip, a file its gzip: what runs the model takes neither, so their names say so. */
function compressed(content: Content): Uint8Array {
  // Without the time of writing: equal models give equal files.
  return content instanceof Uint8Array ? gzipSync(content) : zipSync(content, { mtime: '1980-01-01' });
}

function compressedName(output: string, format: ExportFormat): string {
  const ending = format === 'savedmodel' ? '.zip' : '.gz';
  return output.endsWith(ending) ? output : `${output}${ending}`;
}

const sizeOf = (content: Content) =>
  content instanceof Uint8Array
    ? content.length
    : Object.values(content).reduce((sum, { length }) => sum + length, 0);
