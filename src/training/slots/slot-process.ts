import { totalmem } from 'node:os';
import { RingBrokenError } from '../../errors.ts';
import { Home } from '../../lake/home.ts';
import { startBackend } from '../../backend/backend.ts';
import { reportError } from '../../stages/child-protocol.ts';
import { HeldState } from '../recovery/held-state.ts';
import type { FromSlot, ToSlot } from './slot-protocol.ts';
import { SlotSession } from './slot-session.ts';

type Meeting = Extract<ToSlot, { kind: 'listen' }>;

/**
 * The child that computes. It is forked by a slot worker, talks JSON with it over IPC, and ends when the worker
 * does: a slot that nobody heartbeats for must not go on writing.
 */
const tell = (message: FromSlot): void => {
  // The callback keeps a send to a parent that has just gone away from being thrown as an event.
  if (process.connected) process.send!(message, () => undefined);
};

let session: SlotSession | undefined;
/** The newest ring that this slot was asked to meet, and the end of all meetings so far: there is one at a time. */
let wanted: Meeting | undefined;
let met: Promise<void> = Promise.resolve();
const held = new HeldState();

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToSlot) => {
  void handle(message).catch((error: unknown) => {
    tell({ kind: 'failed', epoch: epochOf(message), error: reportError(error) });
  });
});

async function handle(message: ToSlot): Promise<void> {
  switch (message.kind) {
    case 'listen':
      wanted = message;
      met = met.catch(() => undefined).then(() => meet(message));
      return met;
    case 'train': {
      const { segment } = message;
      const { epoch } = segment;
      const home = await Home.open(message.home);
      const result = await requireSession().train(home, segment, held, (progress) =>
        tell({ kind: 'progress', epoch, progress }),
      );
      tell({ kind: 'done', epoch, result });
      return;
    }
    case 'stop':
      if (session?.epoch === message.epoch) session.stop();
      return;
    case 'abort':
      if (session?.epoch === message.epoch) session.abort();
  }
}

async function meet(meeting: Meeting): Promise<void> {
  const { runId, epoch, token, ...options } = meeting;
  // What an earlier ring was doing is over before the next one may see what this slot holds.
  await session?.end();
  if (meeting !== wanted) {
    throw new RingBrokenError(
      `This slot was asked to meet epoch ${wanted?.epoch} before it had met epoch ${epoch}.`,
      'The newest ring goes on.',
    );
  }
  held.dropOthers(runId);
  session = await SlotSession.listen({ runId, epoch, token }, options);
  tell({ kind: 'listening', runId, epoch, address: session.address });
}

function requireSession(): SlotSession {
  if (session) return session;
  throw new RingBrokenError('The slot has started anew since it was asked to listen.');
}

function epochOf(message: ToSlot): number {
  return message.kind === 'train' ? message.segment.epoch : message.epoch;
}

const { numerics, device, kernel, threads } = await startBackend();
tell({ kind: 'ready', numerics, device, kernel, threads, memoryMb: Math.round(totalmem() / 2 ** 20) });
