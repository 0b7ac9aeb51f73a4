import { connect, createServer } from 'node:net';
import { InUseError } from '../errors.ts';

/** A port of the loopback interface that nobody listens on now. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

/** The port itself, when it is free; a clear refusal when it is not. */
export async function requireFreePort(port: number, what: string, flag: string): Promise<number> {
  try {
    return await listenOnce(port);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new InUseError(
      `Port ${port}, wanted for ${what}, ${code === 'EACCES' ? 'is not allowed to this user' : `is in use (${code})`}.`,
      `Choose another ${flag}, or stop what listens there.`,
    );
  }
}

export function isListening(port: number, host = '127.0.0.1', milliseconds = 1000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(milliseconds, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}
