import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UnavailableError } from '../errors.ts';
import { runProgram } from '../stack/commands.ts';
import { BINDING, LIBRARIES, MODULES, tfjsPackage, type BuildKind } from './build-place.ts';

const SECONDS = 600;
/** The oldest that has all the calls of tfjs-node 4.22; Node promises to keep it for ever. */
const NODE_API = 8;

/**
 * The addon, from tfjs-node's own two source files. node-gyp would fetch Node's headers from a host of its own; those of
 * Node-API come as an npm package, and they are all it needs.
 */
export async function compileBinding(
  compiler: string,
  kind: BuildKind,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const sources = join(folder, MODULES, tfjsPackage(kind));
  const tensorflow = join(folder, LIBRARIES, 'tensorflow');
  const { code, stderr } = await runProgram(
    compiler,
    [
      ...['-std=c++17', '-O2', '-fPIC', '-shared', '-w', `-DNAPI_VERSION=${NODE_API}`],
      `-I${join(folder, MODULES, 'node-api-headers', 'include')}`,
      `-I${sources}`,
      `-I${join(tensorflow, 'include')}`,
      ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(sources, 'binding', file)),
      `-L${tensorflow}`,
      ...['cc', 'framework'].map((part) => `-l:${libraryOf(tensorflow, part)}`),
      // Beside the addon, wherever the folder is moved to.
      `-Wl,-rpath,$ORIGIN/${LIBRARIES}/tensorflow`,
      ...['-o', join(folder, BINDING)],
    ],
    { seconds: SECONDS, signal },
  );
  if (code === 0) return;
  throw new UnavailableError(
    `The binding of TensorFlow does not compile: ${firstError(stderr)}.`,
    'Install a newer g++ (10 or later); nothing needs this build, WebAssembly computes without it.',
  );
}

/** `libtensorflow_cc.so.2`. */
const libraryOf = (folder: string, part: string) =>
  basename(globSync(`libtensorflow_${part}.so*`, { cwd: folder })[0] ?? `libtensorflow_${part}.so.2`);

const firstError = (text: string) =>
  text.split('\n').find((line) => /error|cannot find|undefined/i.test(line)) ?? text.trim().slice(0, 200);
