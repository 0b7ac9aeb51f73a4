import { deepEqual, equal, ok } from 'node:assert/strict';
import { BadInputError } from '../../src/errors.ts';
import { ServingProblem } from '../../src/serving/problem.ts';
import { errorOf, refusalOf } from '../../src/serving/refusal.ts';

describe('a refusal that crosses between processes', () => {
  const crossed = (error: unknown) => errorOf(structuredClone(refusalOf(error)));

  it('says all that it said where it came from', () => {
    const problem = crossed(new ServingProblem('UNAVAILABLE', 'It loads.', 7, 'Wait for it.'));
    ok(problem instanceof ServingProblem);
    const { code, message, retryAfter, cure } = problem;
    deepEqual([code, message, retryAfter, cure], ['UNAVAILABLE', 'It loads.', 7, 'Wait for it.']);
    const own = crossed(new BadInputError('It is no model.', 'Export it anew.'));
    ok(own instanceof BadInputError);
    equal(own.cure, 'Export it anew.');
  });
});
