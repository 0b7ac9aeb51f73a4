import { once } from 'node:events';
import { connect, createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf, type Random } from '../../src/model/random.ts';
import type { Fault, FromProxy, ToProxy } from './proxy-protocol.ts';

/**
 * A network that does what networks do: it cuts the stream into pieces of any size, holds some of them back, and once
 * the stream has come to a given byte it stalls, breaks off, or flips a bit. It is forked, and lives as its parent.
 */
const LONGEST_PIECE = 20_000;
const HELD_BACK = 0.02;
const HELD_BACK_MS = 3;

let server: Server | undefined;
const tell = (message: FromProxy) => process.send!(message);

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToProxy) => void open(message));

/** One door for each ring; the one before goes with all its connections. */
async function open({ host, target, fault, seed }: ToProxy): Promise<void> {
  server?.emit('end');
  server?.close();
  const random = randomOf('proxy', seed);
  let due = fault;
  const sockets = new Set<Socket>();
  const opened = createServer((caller) => {
    const { hostname, port } = new URL(`tcp://${target}`);
    const slot = connect(Number(port), hostname.replace(/^\[|\]$/g, ''));
    for (const [one, other] of [
      [caller, slot],
      [slot, caller],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true).on('error', () => other.destroy()).on('close', () => other.end()); // prettier-ignore
    }
    const strike = (kind: Fault['kind']) => {
      due = undefined;
      tell({ kind: 'struck', fault: kind });
      if (kind === 'reset') for (const each of [caller, slot]) each.resetAndDestroy();
    };
    void pump(caller, slot, random, () => due, strike).catch(() => undefined);
    void pump(slot, caller, random, () => undefined, strike).catch(() => undefined);
  });
  opened.once('end', () => sockets.forEach((socket) => socket.destroy()));
  server = opened.listen(0, host);
  await once(opened, 'listening');
  const { port } = opened.address() as AddressInfo;
  tell({ kind: 'listening', address: isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}` });
}

async function pump(
  from: Socket,
  to: Socket,
  random: Random,
  due: () => Fault | undefined,
  strike: (kind: Fault['kind']) => void,
): Promise<void> {
  let passed = 0;
  for await (const chunk of from as AsyncIterable<Buffer>) {
    for (const piece of pieces(chunk, random)) {
      if (random() < HELD_BACK) await sleep(random() * HELD_BACK_MS);
      const fault = due();
      const at = fault ? fault.atByte - passed : -1;
      passed += piece.length;
      if (fault && at < piece.length) {
        strike(fault.kind);
        if (fault.kind === 'corrupt') piece[Math.max(at, 0)]! ^= 1 << Math.floor(random() * 8);
        if (fault.kind === 'reset') return;
        if (fault.kind === 'pause' || fault.kind === 'stall') await sleep(fault.forMs);
      }
      if (!to.write(piece)) await once(to, 'drain');
    }
  }
}

function* pieces(chunk: Buffer, random: Random): Generator<Buffer> {
  for (let at = 0; at < chunk.length;) {
    const length = 1 + Math.floor(random() * LONGEST_PIECE);
    yield chunk.subarray(at, at + length);
    at += length;
  }
}
