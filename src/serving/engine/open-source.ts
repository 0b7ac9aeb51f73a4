import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startBackend } from '../../backend/backend.ts';
import { MissingDataError, UnavailableError } from '../../errors.ts';
import { readNetwork } from '../../export/read-network.ts';
import { servedGraph } from '../../export/signatures.ts';
import { Home } from '../../lake/home.ts';
import { wholeNetwork } from '../sharded/whole-network.ts';
import { foreignOperations } from './graph-artifacts.ts';
import { graphRunner } from './graph-runner.ts';
import type { Runner } from './runner.ts';
import type { ModelSource } from './source.ts';

/** Reads a model, its hashes and signature checked where it is registered, and makes it ready to answer. */
export async function openSource(source: ModelSource): Promise<Runner> {
  if (source.kind === 'saved-model') return openSavedModel(source.folder);
  const home = await Home.open(source.root);
  const network = await readNetwork(home, source.name, source.version);
  const { attention } = await startBackend();
  // By the code that trained it: the graph that `export` writes answers the same in twenty times the time here.
  return wholeNetwork(network, attention());
}

async function openSavedModel(folder: string): Promise<Runner> {
  const path = join(folder, 'saved_model.pb');
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    throw new MissingDataError(`${folder} is no SavedModel: it has no saved_model.pb.`, 'Give its folder.');
  });
  const metaGraph = servedGraph(bytes, path);
  const foreign = foreignOperations(metaGraph.message(2));
  if (foreign.length > 0) {
    throw new UnavailableError(
      `${path} keeps values or functions beside its graph (${foreign.join(', ')}), which only TensorFlow's own library runs.`,
      'Freeze it into one graph of constants, or try it with `saved-model`.',
    );
  }
  return graphRunner(metaGraph, createHash('sha256').update(bytes).digest('hex'));
}
