import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { inheritedEnvironment } from '../../src/config/machine.ts';

export type Reply = Record<string, unknown>;

/**
 * A program that says one JSON object when it is ready and one more for every line it is sent, and between them waits
 * without computing: so that both sides of a comparison can stay warm and take turns.
 */
export class LineProcess {
  readonly ready: Promise<Reply>;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #complaint = '';

  constructor(command: string, args: string[], environment: NodeJS.ProcessEnv = inheritedEnvironment()) {
    this.#child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: environment,
    });
    this.#child.on('error', ({ message }) => (this.#complaint = message));
    this.#child.stdin!.on('error', () => undefined);
    this.#child
      .stderr!.setEncoding('utf8')
      .on('data', (text: string) => (this.#complaint = (this.#complaint + text).slice(-2000)));
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    this.ready = this.#next();
    // Whoever asks hears of it.
    this.ready.catch(() => undefined);
  }

  async ask(line: string): Promise<Reply> {
    this.#child.stdin!.write(`${line}\n`);
    return this.#next();
  }

  async close(): Promise<void> {
    if (this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null)
      return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** The next object; what a library prints beside it is passed over. */
  async #next(): Promise<Reply> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(this.#complaint.trim().split('\n').at(-1) || 'it ended without a word');
      if (value.startsWith('{')) return JSON.parse(value) as Reply;
    }
  }
}
