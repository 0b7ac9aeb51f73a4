import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ProcessIdentity } from './process-identity.ts';

const SCRIPT = fileURLToPath(new URL('./guard.ts', import.meta.url));

/** The supervisor's end of the guard: a process that outlives it just long enough to end what it started. */
export class Guard {
  private child: ChildProcess;
  private readonly watched = new Map<number, ProcessIdentity>();
  private resting = false;

  constructor() {
    this.child = this.launch();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  watch(identity: ProcessIdentity): void {
    this.watched.set(identity.pid, identity);
    this.tell({ watch: identity });
  }

  forget(pid: number): void {
    this.watched.delete(pid);
    this.tell({ forget: pid });
  }

  /** All is stopped in order: the guard has nothing to do. */
  async rest(): Promise<void> {
    this.resting = true;
    const { child } = this;
    child.ref();
    const gone = new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      else child.once('exit', () => resolve());
    });
    this.tell({ rest: true });
    child.stdin?.end();
    await gone;
  }

  private launch(): ChildProcess {
    // A session of its own: what ends the supervisor's group must not end the guard.
    const child = spawn(process.execPath, [SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    child.stdin?.on('error', () => {});
    child.once('exit', () => {
      if (this.resting) return;
      this.child = this.launch();
      for (const identity of this.watched.values()) this.tell({ watch: identity });
    });
    child.unref();
    return child;
  }

  private tell(order: object): void {
    this.child.stdin?.write(`${JSON.stringify(order)}\n`);
  }
}
