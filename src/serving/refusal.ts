import { reportError, restoreError, type ErrorReport } from '../stages/child-protocol.ts';
import { ServingProblem } from './problem.ts';

/** A refusal as it crosses between processes and threads. */
export interface Refusal {
  error: ErrorReport;
  /** Of one that serving has a name for. */
  problem?: Pick<ServingProblem, 'code' | 'retryAfter' | 'cure'>;
}

export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ServingProblem)) return { error: reportError(error) };
  const { code, retryAfter, cure } = error;
  return { error: reportError(error), problem: { code, retryAfter, cure } };
}

export function errorOf({ problem, error }: Refusal): Error {
  if (!problem) return restoreError(error);
  return new ServingProblem(problem.code, error.message, problem.retryAfter, problem.cure);
}
