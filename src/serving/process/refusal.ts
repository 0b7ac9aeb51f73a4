import { reportError, restoreError } from '../../stages/child-protocol.ts';
import { ServingProblem } from '../problem.ts';
import type { Refusal } from './messages.ts';

export function refusalOf(error: unknown): Refusal {
  return { ...(error instanceof ServingProblem ? { code: error.code } : {}), error: reportError(error) };
}

export function errorOf({ code, error }: Refusal): Error {
  return code ? new ServingProblem(code, error.message) : restoreError(error);
}
