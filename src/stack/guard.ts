import { createInterface } from 'node:readline';
import { signalGroup, isAlive, type ProcessIdentity } from './process-identity.ts';

// Run as a program by the supervisor, which tells it on stdin what runs: `{"watch": {pid, started}}` and
// `{"forget": pid}`. When stdin ends without `{"rest": true}` the supervisor is gone, however it went, and what
// it left running is ended: a Temporal server without its lock could meet a second one on the same database.
const watched = new Map<number, ProcessIdentity>();
const GRACE_MS = 3000;

type Order = { watch: ProcessIdentity } | { forget: number } | { rest: true };

// A terminal's Ctrl-C and a careless `kill` are the supervisor's business.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

let resting = false;
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order;
  if ('watch' in order) watched.set(order.watch.pid, order.watch);
  else if ('forget' in order) watched.delete(order.forget);
  else resting = true;
}
if (!resting) await endAll();

async function endAll(): Promise<void> {
  const left = [...watched.values()];
  for (const identity of left) signalGroup(identity, 'SIGTERM');
  const deadline = Date.now() + GRACE_MS;
  while (Date.now() < deadline && left.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 50));
  // The leader may be gone while a child of its group computes on: the group is signalled by number.
  for (const { pid } of left) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nobody is left in the group.
    }
  }
}
