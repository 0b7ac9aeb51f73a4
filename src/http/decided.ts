import type { DeploymentRequest } from '../contracts/learning.ts';
import type { LifecycleEvent } from '../contracts/lifecycle.ts';
import type { Home } from '../lake/home.ts';
import { versionNumbers } from '../registry/layout.ts';
import { refusalOf } from '../temporal/failures.ts';
import { HttpProblem } from './problem.ts';

/** What the workflow answers, or its refusal: 404 of a version that is not there, else 409. Either stands in the audit. */
export async function decided<Answer extends LifecycleEvent | DeploymentRequest>(
  home: Home,
  name: string,
  version: number | undefined,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    const isUnknown = version !== undefined && !(await versionNumbers(home, name)).includes(version);
    throw new HttpProblem(
      isUnknown ? 404 : 409,
      'refused',
      reason,
      `GET /models/${name} says what is there.`,
    );
  }
}
