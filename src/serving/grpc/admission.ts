import type { TLSSocket } from 'node:tls';
import { grpcCredentials } from '../../access/credentials.ts';
import type { Gate } from '../gate.ts';
import type { Caller, Role } from '../service.ts';
import type { GrpcCall } from './call.ts';

/** @throws ServingProblem where the caller may not */
export function admit(gate: Gate, { headers, stream }: GrpcCall, needed: Role): Promise<Caller> {
  const socket = stream.session?.socket as Partial<TLSSocket> | undefined;
  const credentials = grpcCredentials({
    metadata: { get: (name: string) => [headers[name] ?? []].flat() },
    getPeer: () => `${socket?.remoteAddress ?? ''}:0`,
    getAuthContext: () =>
      socket?.authorized === true ? { sslPeerCertificate: socket.getPeerCertificate!() } : {},
  } as unknown as Parameters<typeof grpcCredentials>[0]);
  return gate.admit(credentials, needed);
}
