import { gzipSync } from 'node:zlib';
import { describe } from '../export/description.ts';
import { contentOf } from '../export/export.ts';
import { networkGraph } from '../export/network-graph.ts';
import { readNetwork } from '../export/read-network.ts';
import type { Home } from '../lake/home.ts';
import type { Candidate } from './candidate.ts';
import { zerosOf } from './prune.ts';

/** Bytes of a network. */
export interface Sizes {
  weights: number;
  /** Share of the weights that are 0. */
  zeros: number;
  /** Its files in the version's folder. */
  files: number;
  /** Of one copy of the weights where it computes: float32 whatever the files hold. */
  memory: number;
  /** As `export --format onnx` writes it, and with `--compress`. */
  onnx: number;
  onnxCompressed: number;
}

export async function sizesOf(
  home: Home,
  { training, forecasters }: Candidate,
  { name, version }: { name: string; version: number },
): Promise<Sizes> {
  const network = await readNetwork(home, name, version);
  const graph = networkGraph(network);
  const onnx = contentOf('onnx', network, graph, describe(network, graph)) as Uint8Array;
  const answering = forecasters.at(-1);
  return {
    weights: training.weights.length,
    zeros: zerosOf((answering ?? training).weights),
    files: training.file.length + (answering?.file.length ?? 0),
    memory: training.weights.byteLength,
    onnx: onnx.length,
    onnxCompressed: gzipSync(onnx).length,
  };
}
