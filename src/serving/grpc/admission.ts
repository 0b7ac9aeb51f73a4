import { type Metadata, type ServerInterceptor, ServerInterceptingCall } from '@grpc/grpc-js';
import { grpcCredentials } from '../../access/credentials.ts';
import type { WireDoorParts } from '../doors/parts.ts';
import { ServingProblem } from '../problem.ts';
import type { Caller, Role } from '../service.ts';
import { MODEL_SERVICE } from './definitions.ts';
import { refusal, statusOf } from './problem.ts';

/** Whoever can reach this machine may ask whether it is well: what keeps it alive brings no key. */
const FOR_ALL = '/grpc.health.v1.Health/';
const NEEDED: Record<string, Role | undefined> = {
  [`/${MODEL_SERVICE}/HandleReloadConfigRequest`]: 'admin',
};

export interface Admission {
  interceptor: ServerInterceptor;
  /** Who was let in with this metadata. */
  callerOf(metadata: Metadata): Caller;
}

/** Lets calls in before a byte of their message is read, and drops those whose message does not arrive in time. */
export function admission(parts: WireDoorParts): Admission {
  const { gate, limits } = parts;
  const callers = new WeakMap<Metadata, Caller>();
  const interceptor: ServerInterceptor = ({ path }, call) => {
    let late: NodeJS.Timeout | undefined;
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, admitted) {
            late = setTimeout(() => call.sendStatus(statusOf(tooLate())), limits.requestMs).unref();
            if (path.startsWith(FOR_ALL)) {
              admitted(metadata);
              return;
            }
            const credentials = grpcCredentials({
              metadata,
              getPeer: () => call.getPeer(),
              getAuthContext: () => call.getAuthContext(),
            });
            gate.admit(credentials, NEEDED[path] ?? 'viewer').then(
              (caller) => {
                callers.set(metadata, caller);
                admitted(metadata);
              },
              (error: unknown) => {
                clearTimeout(late);
                call.sendStatus(statusOf(refusal(error, 'none', parts)));
              },
            );
          },
          onReceiveMessage(message, next) {
            clearTimeout(late);
            next(message);
          },
          onCancel: () => clearTimeout(late),
        });
      },
    });
  };
  return { interceptor, callerOf: (metadata) => callers.get(metadata)! };
}

const tooLate = () => new ServingProblem('DEADLINE_EXCEEDED', 'The request did not arrive in time.');
