import { createInterface } from 'node:readline';
import { joinRing } from '../../src/ring/join.ts';
import { RingListener } from '../../src/ring/rendezvous.ts';
import { startBackend } from '../../src/backend/backend.ts';
import { ringAttentionBackward, ringAttentionForward } from '../../src/ring/ring-attention.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { dealPositions } from '../../src/sequences/ring-layout.ts';

// Run as a program: one rank of a ring that computes attention and its gradients each time it is told to. The first
// line it is sent holds the addresses of all ranks. It takes turns as bench/ring/turns.py does.
const [rank = 0, worldSize = 1, tokens = 0, heads = 0, headDim = 0] = process.argv.slice(2).map(Number);
const token = process.argv[7] ?? '';

const tell = (reply: object) => process.stdout.write(`${JSON.stringify(reply)}\n`);

const { kernel, attention, threads } = await startBackend();
const listener = await RingListener.open({ runId: 'bench', epoch: 1, token });
tell({ address: listener.address, kernel, threads });

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const addresses = JSON.parse((await lines.next()).value as string) as string[];
const ring = await joinRing(
  listener,
  rank,
  addresses.map((address, peer) => ({ rank: peer, address })),
);
listener.close();

const positions = dealPositions(tokens, worldSize, 'zigzag').positions[rank]!;
const random = randomOf(`bench ${rank}`);
const filled = () => gaussians(random, heads * positions.length * headDim, 1);
const local = { q: filled(), k: filled(), v: filled(), positions };
// The gradient of the sum of all outputs, as the peers take it.
const dOut = new Float32Array(local.q.length).fill(1);
const options = { heads, kvHeads: heads, headDim, causal: true, pause: async () => undefined };
tell({ joined: worldSize });

for await (const line of lines) {
  if (line.trim() !== 'run') break;
  await ring.barrier();
  const before = ring.timing();
  const started = performance.now();
  const result = await ringAttentionForward(ring, attention(), local, options);
  await ringAttentionBackward(ring, attention(), local, result, dOut, options);
  const own = performance.now() - started;
  const after = ring.timing();
  // The work is done when the slower rank is.
  await ring.barrier();
  tell({
    ms: performance.now() - started,
    ownMs: own,
    waitMs: 1000 * (after.waitSeconds - before.waitSeconds),
    transferMs: 1000 * (after.transferSeconds - before.transferSeconds),
    megabytesSent: (after.bytesSent - before.bytesSent) / 1e6,
  });
}
await ring.close();
