import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** A ring is one run under one epoch; `token` is the secret of the run, and never crosses a wire. */
export interface RingIdentity {
  runId: string;
  epoch: number;
  token: string;
}

export const NONCE_BYTES = 16;

/** What a proof is about: who says it, to whom, on which connection. */
export interface ProofSubject {
  role: 'listener' | 'caller';
  rank: number;
  callerNonce: Uint8Array;
  listenerNonce: Uint8Array;
  socket: Socket;
}

/** What each side sends to show that it knows the token, bound to run, epoch, rank, role, both nonces and the channel. */
export function proof({ token, runId, epoch }: RingIdentity, subject: ProofSubject): Buffer {
  return createHmac('sha256', token)
    .update(JSON.stringify([subject.role, runId, epoch, subject.rank]))
    .update(subject.callerNonce)
    .update(subject.listenerNonce)
    .update(channelOf(subject.socket))
    .digest();
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b);

/** What only the two ends of one TLS connection share (RFC 8446, 7.5), so that no proof is passed on in the middle. */
function channelOf(socket: Socket): Uint8Array {
  return socket instanceof TLSSocket
    ? socket.exportKeyingMaterial(32, 'EXPORTER-ringwatt-proof', Buffer.alloc(0))
    : new Uint8Array();
}
