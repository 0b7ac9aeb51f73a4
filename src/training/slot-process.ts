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
  void handle(message).catch((error: unknown) => tell({ kind: 'failed', error: asFailure(error) }));
});

async function handle(message: ToSlot): Promise<void> {
  switch (message.kind) {
    case 'listen': {
      session?.abort();
      const { runId, epoch, token, host } = message;
      session = await SlotSession.listen({ runId, epoch, token }, host);
      tell({ kind: 'listening', runId, epoch, address: session.address });
      return;
    }
    case 'train': {
      const current = requireSession();
      const home = await Home.open(message.home);
      const result = await current.train(home, message.segment, (progress) =>
        tell({ kind: 'progress', progress }),
      );
      tell({ kind: 'done', result });
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

const { numerics, device } = await startBackend();
tell({ kind: 'ready', numerics, device, memoryMb: Math.round(totalmem() / 2 ** 20) });
