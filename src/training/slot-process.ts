import { totalmem } from 'node:os';
import { RingwattError } from '../errors.ts';
import { Home } from '../lake/home.ts';
import { startBackend } from '../ring/backend.ts';
import type { FromSlot, ToSlot } from './slot-protocol.ts';
import { SlotSession } from './slot-session.ts';

/**
 * The child that computes. It is forked by a slot worker, talks JSON with it over IPC, and ends when the worker
 * does: a slot that nobody heartbeats for must not go on writing.
 */
const tell = (message: FromSlot): void => {
  // The callback keeps a send to a parent that has just gone away from being thrown as an event.
  if (process.connected) process.send!(message, () => undefined);
};

let session: SlotSession | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToSlot) => {
  const before = session;
  void handle(message).catch((error: unknown) => {
    // What an earlier ring's end looks like from inside is no news to a parent that has asked for the next one.
    const superseded = message.kind === 'train' && before !== session;
    if (!superseded) tell({ kind: 'failed', error: asFailure(error) });
  });
});

async function handle(message: ToSlot): Promise<void> {
  switch (message.kind) {
    case 'listen': {
      const { runId, epoch, token, host } = message;
      const opened = await SlotSession.listen({ runId, epoch, token }, host);
      session?.abort();
      session = opened;
      tell({ kind: 'listening', runId, epoch, address: opened.address });
      return;
    }
    case 'train': {
      const current = requireSession();
      const home = await Home.open(message.home);
      const result = await current.train(home, message.segment, (progress) =>
        tell({ kind: 'progress', progress }),
      );
      if (current === session) tell({ kind: 'done', result });
      return;
    }
    case 'stop':
      session?.stop();
      return;
    case 'abort':
      session?.abort();
  }
}

function requireSession(): SlotSession {
  if (session) return session;
  throw new TypeError('A slot was told to train before it was told to listen.');
}

function asFailure(error: unknown) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return error instanceof RingwattError
    ? { name, message, cure: error.cure, retryable: error.retryable }
    : { name, message, cure: '', retryable: false };
}

const { numerics, device, threads } = await startBackend();
tell({ kind: 'ready', numerics, device, threads, memoryMb: Math.round(totalmem() / 2 ** 20) });
