import { credentialsOf } from '../../access/credentials.ts';
import type { Gate } from '../gate.ts';
import type { Caller, Role } from '../service.ts';
import type { GrpcCall } from './call.ts';

/** @throws ServingProblem where the caller may not */
export const admit = (gate: Gate, { headers, stream }: GrpcCall, needed: Role): Promise<Caller> =>
  gate.admit(credentialsOf(headers, stream.socket), needed);
