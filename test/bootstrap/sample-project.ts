import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin', import.meta.url));

/** What the program says that the set-up hands over to. */
const PROGRAM = `
  if (process.argv.includes('wait')) {
    process.on('SIGTERM', () => process.exit(7));
    setInterval(() => {}, 1000);
  }
  const { env, versions } = process;
  console.log(JSON.stringify({ args: process.argv.slice(2), path: env.PATH, node: versions.node, compiled: env.NODE_COMPILE_CACHE }));
`;

/** Stands for npm, whose registry a test cannot count on: notes its arguments and puts a Node where one was asked for. */
const NPM = `
  const fs = require('node:fs'), path = require('node:path');
  const args = process.argv.slice(2);
  const root = process.env.SAMPLE_ROOT;
  fs.appendFileSync(path.join(root, 'npm-calls'), args.join(' ') + '\\n');
  if (process.env.SAMPLE_NPM_FAILS) { console.error('E404 not found'); process.exit(1); }
  const prefix = args[args.indexOf('--prefix') + 1];
  if (args[0] === 'install') {
    const bin = path.join(prefix, 'node_modules', args.at(-1).split('@')[0], 'bin');
    fs.mkdirSync(bin, { recursive: true });
    fs.symlinkSync(process.execPath, path.join(bin, 'node'));
  } else {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    fs.mkdirSync(path.join(root, 'node_modules'), { recursive: true });
  }
`;

/** Stands for cargo: leaves a library that says what it was built from. */
const CARGO = `
  const fs = require('node:fs'), path = require('node:path');
  fs.appendFileSync(path.join(process.env.SAMPLE_ROOT, 'cargo-calls'), process.argv.slice(2).join(' ') + '\\n');
  if (process.env.SAMPLE_CARGO_FAILS) {
    console.error('   Compiling x\\nerror: linker cc not found\\n  |\\n  = note: more');
    process.exit(101);
  }
  if (process.env.SAMPLE_CARGO_WAITS) {
    console.error('    Blocking waiting for file lock on package cache');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);
  }
  const release = path.join(process.env.CARGO_TARGET_DIR, 'release');
  fs.mkdirSync(release, { recursive: true });
  for (const name of ['libringwatt_kernels.so', 'libringwatt_kernels.dylib', 'ringwatt_kernels.dll']) {
    fs.copyFileSync('addon/src/lib.rs', path.join(release, name));
  }
`;

/** Makes the process believe that it is Node 20. */
const OLD_NODE = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });",
)}`;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A project of nothing but the set-up, with an npm of its own. */
export class SampleProject {
  readonly root = mkdtempSync(join(tmpdir(), 'ringwatt-bootstrap-'));

  constructor() {
    cpSync(BIN, join(this.root, 'bin'), { recursive: true });
    this.writeLock('{"lockfileVersion":3}');
    mkdirSync(join(this.root, 'src', 'cli'), { recursive: true });
    writeFileSync(join(this.root, 'package.json'), '{"type":"module"}');
    writeFileSync(join(this.root, 'src', 'cli', 'main.ts'), PROGRAM);
    mkdirSync(join(this.root, 'npm'));
    writeFileSync(join(this.root, 'npm', 'package.json'), '{"type":"commonjs"}');
    writeFileSync(join(this.root, 'npm', 'npm-cli.js'), NPM);
  }

  writeLock(text: string): void {
    writeFileSync(join(this.root, 'package-lock.json'), text);
  }

  get npmCalls(): string[] {
    return this.#lines('npm-calls');
  }

  /** Kernels to build, and a cargo that notes its arguments; returns the PATH that has it. */
  addKernels(): string {
    this.writeKernel('fn main() {}');
    for (const file of ['Cargo.toml', 'Cargo.lock', 'addon/Cargo.toml']) {
      writeFileSync(join(this.root, 'kernels', file), '');
    }
    const tools = join(this.root, 'tools');
    mkdirSync(tools);
    writeFileSync(join(tools, 'package.json'), '{"type":"commonjs"}');
    writeFileSync(join(tools, 'cargo'), `#!${process.execPath}\n${CARGO}`, { mode: 0o755 });
    return [tools, process.env['PATH']].join(delimiter);
  }

  writeKernel(source: string): void {
    mkdirSync(join(this.root, 'kernels', 'addon', 'src'), { recursive: true });
    writeFileSync(join(this.root, 'kernels', 'addon', 'src', 'lib.rs'), source);
  }

  get cargoCalls(): string[] {
    return this.#lines('cargo-calls');
  }

  #lines(name: string): string[] {
    const path = join(this.root, name);
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  }

  start(args: string[], environment: Record<string, string> = {}): ChildProcess {
    return spawn(process.execPath, ['--import', OLD_NODE, join(this.root, 'bin', 'bootstrap.mjs'), ...args], {
      env: {
        ...process.env,
        // The tests' own processes have one.
        NODE_COMPILE_CACHE: undefined,
        SAMPLE_ROOT: this.root,
        npm_execpath: join(this.root, 'npm', 'npm-cli.js'),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async run(args: string[], environment?: Record<string, string>): Promise<Ended> {
    return ended(this.start(args, environment));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}
