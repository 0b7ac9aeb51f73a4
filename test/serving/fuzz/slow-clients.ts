import type { Target } from './case.ts';
import { halfCall } from './grpc-call.ts';
import { predictRequest } from './grpc-cases.ts';
import { BODIES, head, pause, PATHS } from './socket-cases.ts';
import { open } from './socket.ts';

interface Slow {
  family: string;
  over: Promise<void>;
  stop(): void;
}

/**
 * Clients that send a byte now and then, or nothing, for ever: headers, bodies, half a gRPC message, so many of each.
 * Resolves when the server has cut off all of them, or with those that it has not when `patienceMs` are over.
 */
export async function slowClients(
  target: Target,
  each: number,
  patienceMs: number,
): Promise<{ opened: number; leftOpen: string[] }> {
  const makers = [...(['rest', 'http'] as const).flatMap((door) => slowOf(target, door)), slowGrpc(target)];
  const clients = makers.flatMap((make) => Array.from({ length: each }, make));
  const leftOpen = new Set(clients);
  const all = clients.map(async (client) => {
    await client.over;
    leftOpen.delete(client);
  });
  await Promise.race([Promise.all(all), pause(patienceMs)]);
  for (const client of clients) client.stop();
  return { opened: clients.length, leftOpen: [...leftOpen].map(({ family }) => family) };
}

function slowOf(target: Target, door: 'rest' | 'http'): (() => Slow)[] {
  const starts: Record<string, string> = {
    'slow headers': `POST ${PATHS[door]} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: `,
    'slow body': head([
      `POST ${PATHS[door]} HTTP/1.1`,
      ...['Host: 127.0.0.1', 'Content-Type: application/json', `X-API-Key: ${target.apiKey}`],
      `Content-Length: ${BODIES[door].length + 1000}`,
    ]),
    silent: '',
  };
  return Object.entries(starts).map(
    ([what, start]) =>
      () =>
        drip(`${door}: ${what}`, target[door], start),
  );
}

function drip(family: string, address: string, start: string): Slow {
  const socket = open(address);
  if (start !== '') socket.write(start);
  const timer = setInterval(() => start !== '' && socket.writable && socket.write('1'), 500);
  const over = new Promise<void>((resolve) =>
    socket.once('end', () => resolve()).once('close', () => resolve()),
  );
  socket.resume();
  const stop = () => {
    clearInterval(timer);
    socket.destroy();
  };
  void over.then(stop);
  return { family, over, stop };
}

const slowGrpc = (target: Target) => (): Slow => ({
  family: 'grpc: half a message',
  ...halfCall(target, '/tensorflow.serving.PredictionService/Predict', predictRequest({})),
});
