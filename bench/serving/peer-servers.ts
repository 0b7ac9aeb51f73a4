import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inheritedEnvironment } from '../../src/config/machine.ts';
import { json, type Sample } from './inputs.ts';
import { freePort, ServerProcess } from './server-process.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const WORKERS = availableParallelism();
export const INSTALL =
  'python3 -m venv V && V/bin/pip install mlflow bentoml numpy uvloop httptools, then --python V/bin/python';

export interface PeerServer {
  name: string;
  port: number;
  path: string;
  bodyOf(sample: Sample): Uint8Array;
  /** Of its answer to one sample. */
  outputsOf(answer: unknown): number[];
  close(): Promise<void>;
}

/** Each worker multiplies on one thread: more workers than cores would only wait for each other. */
const environment = (more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...{ ...inheritedEnvironment(), OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
  ...{ PYTHONPATH: FOLDER, MLFLOW_DISABLE_TELEMETRY: 'true', BENTOML_DO_NOT_TRACK: 'True' },
  ...more,
});

/** Whether a module can be imported there. */
export async function has(python: string, module: string): Promise<boolean> {
  return promisify(execFile)(python, ['-c', `import ${module}`]).then(
    () => true,
    () => false,
  );
}

/** `mlflow models serve` with a worker a core. */
export async function startMlflow(
  python: string,
  folder: string,
  weights: string,
  loop: 'as installed' | 'uvloop',
): Promise<PeerServer> {
  const model = join(folder, `mlflow-${loop.replace(' ', '-')}`);
  await promisify(execFile)(python, [join(FOLDER, 'peer_mlflow.py'), weights, model], {
    env: environment({}),
  });
  const port = await freePort();
  const flags = ['--env-manager', 'local', '--workers', String(WORKERS), '--port', String(port)];
  const args = ['-m', 'mlflow', 'models', 'serve', '--model-uri', model, ...flags];
  // What pip brings with MLflow is asyncio and h11; uvicorn would take better ones that lie beside it.
  const plain = loop === 'as installed' ? { UVICORN_LOOP: 'asyncio', UVICORN_HTTP: 'h11' } : {};
  const path = `${dirname(python)}:${inheritedEnvironment()['PATH'] ?? ''}`;
  const server = new ServerProcess(python, args, environment({ ...plain, PATH: path }));
  return started(server, {
    name: loop === 'as installed' ? 'MLflow' : 'MLflow with uvloop and httptools',
    ...{ port, path: '/invocations' },
    bodyOf: (sample) => json({ inputs: [sample] }),
    outputsOf: (answer) => (answer as { predictions: number[][] }).predictions[0]!,
  });
}

/** `bentoml serve` with a worker a core, which its documentation recommends for models on processors. */
export async function startBentoml(python: string, weights: string, batches: boolean): Promise<PeerServer> {
  const port = await freePort();
  const args = ['-m', 'bentoml', 'serve', 'peer_bentoml:Network', '--port', String(port)];
  const settings = {
    PEER_WORKERS: String(WORKERS),
    PEER_BATCHES: batches ? '1' : '0',
    PEER_WEIGHTS: weights,
  };
  const server = new ServerProcess(python, args, environment(settings), FOLDER);
  return started(server, {
    name: batches ? 'BentoML with adaptive batching' : 'BentoML',
    ...{ port, path: '/predict' },
    bodyOf: (sample) => json({ x: [sample] }),
    outputsOf: (answer) => (answer as number[][])[0]!,
  });
}

async function started(server: ServerProcess, peer: Omit<PeerServer, 'close'>): Promise<PeerServer> {
  const { port, path, bodyOf } = peer;
  const zeros = Array.from({ length: 168 }, () => Array.from({ length: 8 }, () => 0));
  try {
    await server.answers(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(bodyOf(zeros)),
    });
  } catch (error) {
    await server.close();
    throw error;
  }
  return { ...peer, close: () => server.close() };
}
