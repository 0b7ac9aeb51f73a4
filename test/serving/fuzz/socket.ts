import { connect, type Socket } from 'node:net';
import type { Reply } from './case.ts';

/** How long a client of these cases waits before it hangs up itself. */
const PATIENCE_MS = 1500;

export function open(address: string): Socket {
  const [, host = '', port = ''] = /^(?:http:\/\/)?(.*):(\d+)$/.exec(address) ?? [];
  const socket = connect({ host, port: Number(port), allowHalfOpen: true });
  // A server that cuts off is what many of these cases wait for.
  socket.on('error', () => undefined);
  return socket;
}

/** Sends bytes as they are and reads what comes back until the server ends it, or it has answered. */
export function raw(
  address: string,
  parts: readonly (Uint8Array | string)[],
  patienceMs = PATIENCE_MS,
): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const socket = open(address);
  let text = '';
  const over = (silent: boolean) => {
    clearTimeout(timer);
    socket.destroy();
    resolve(replyOf(text, silent));
  };
  const timer = setTimeout(() => over(true), patienceMs);
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    if (isWhole(text)) over(false);
  });
  socket.once('end', () => over(false));
  socket.once('close', () => over(false));
  for (const part of parts) socket.write(part);
  return promise;
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = /^content-length: (\d+)/im.exec(text.slice(0, Math.max(0, end)))?.[1];
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length);
}

function replyOf(text: string, silent: boolean): Reply {
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1];
  if (status === undefined) return { kind: silent && text === '' ? 'silent' : 'ended' };
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const type = /^content-type: (.*)$/im.exec(head)?.[1] ?? '';
  return { kind: 'http', status: Number(status), type, body: rest.join('\r\n\r\n') };
}
