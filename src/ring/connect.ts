import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { BadInputError, RingBrokenError } from '../errors.ts';
import { reasonOf } from './connection-error.ts';
import { clientOptions, refusalOf } from './tls-links.ts';
import { isLoopback, type RingTls } from '../tls/host-files.ts';

/** A connection to a neighbour's door; wrapped in TLS, the neighbour has shown the certificate of its address. */
export async function connectTo(
  address: string,
  tls: RingTls | undefined,
  patienceMs: number,
): Promise<Socket> {
  const { hostname, port: digits } = new URL(`tcp://${address}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  const port = Number(digits);
  if (!tls && !isLoopback(host)) {
    throw new BadInputError(
      `A neighbour is at ${address}, and this slot can be reached from its own host alone.`,
      'Set RINGWATT_SLOT_HOST on every host to the name or address that the others reach it at.',
    );
  }
  const socket = tls ? connectTls({ ...clientOptions(tls), host, port }) : connectTcp(port, host);
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const timer = setTimeout(() => socket.destroy(new Error('no answer')), patienceMs);
  socket.once(tls ? 'secureConnect' : 'connect', () => resolve(socket));
  socket.once('error', (error) =>
    reject(
      refusalOf(error, address) ??
        new RingBrokenError(`The neighbour at ${address} cannot be reached (${reasonOf(error)}).`),
    ),
  );
  return promise.finally(() => clearTimeout(timer));
}
