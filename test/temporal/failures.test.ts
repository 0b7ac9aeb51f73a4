import assert from 'node:assert/strict';
import { ActivityFailure, ApplicationFailure, CancelledFailure, RetryState } from '@temporalio/common';
import fc from 'fast-check';
import * as errors from '../../src/errors.ts';
import { SourceFaultError, StorageError, UnavailableError } from '../../src/errors.ts';
import { reportError, restoreError } from '../../src/stages/child-protocol.ts';
import { served } from '../../src/temporal/connection.ts';
import { failureLine, isFailureOf, isFinal, retryDelayMs, toFailure } from '../../src/temporal/failures.ts';

describe('failures', () => {
  it('of a server with its hands full are those of one to ask again', async () => {
    const full = Object.assign(new Error('limit on number of concurrent in-flight updates'), { code: 8 });
    for (const error of [full, new Error('Update-With-Start failed', { cause: full })]) {
      await assert.rejects(
        served(() => Promise.reject(error)),
        (thrown) =>
          thrown instanceof UnavailableError && /takes no more requests: limit on/.test(thrown.message),
      );
    }
  });

  it('keep their name, their cure, and whether time can heal them', () => {
    const full = toFailure(
      new StorageError('The disk is full.', 'Free some space.'),
      1,
    ) as ApplicationFailure;
    assert.deepEqual(
      [full.type, full.nonRetryable, full.message],
      ['StorageError', true, 'The disk is full. Free some space.'],
    );
    const fault = toFailure(new SourceFaultError('HTTP 503.', ''), 1) as ApplicationFailure;
    assert.deepEqual(
      [fault.type, fault.nonRetryable, fault.message],
      ['SourceFaultError', false, 'HTTP 503.'],
    );
    assert.ok(isFinal(full) && !isFinal(fault));
  });

  it('without a name are tried three times', () => {
    const attempts = [1, 2, 3].map((attempt) => toFailure(new TypeError('x is not a function'), attempt));
    assert.deepEqual(
      attempts.map((failure) => (failure as ApplicationFailure).nonRetryable),
      [false, false, true],
    );
    assert.equal((attempts[0] as ApplicationFailure).type, 'TypeError');
  });

  it('of Temporal itself pass unchanged', () => {
    const cancelled = new CancelledFailure('enough');
    assert.equal(toFailure(cancelled, 1), cancelled);
  });

  it('say how far the work had come', () => {
    const failure = toFailure(new UnavailableError('gone', ''), 1, { step: 7 }) as ApplicationFailure;
    assert.deepEqual(failure.details, [{ step: 7 }]);
  });

  it('are retried later and later, never at the same moment, never after more than a minute', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, random) => {
          const ceiling = Math.min(60_000, 1000 * 2 ** (attempt - 1));
          const delay = retryDelayMs(attempt, () => random);
          assert.ok(delay >= ceiling / 2 && delay <= ceiling);
        },
      ),
    );
    assert.notEqual(
      retryDelayMs(4, () => 0.1),
      retryDelayMs(4, () => 0.9),
    );
  });

  it('show the reason at the bottom of the chain', () => {
    const chain = new Error('Workflow failed', {
      cause: new Error('Activity failed', {
        cause: ApplicationFailure.create({ message: 'The disk is full.' }),
      }),
    });
    assert.equal(failureLine(chain), 'The disk is full.');
  });

  it('cross a process boundary as what they are', () => {
    const classes = Object.values(errors).filter(
      (value) => typeof value === 'function' && value.prototype instanceof errors.RingwattError,
    ) as (new (message: string, cure: string) => errors.RingwattError)[];
    assert.ok(classes.length >= 9);
    for (const Typed of classes) {
      const error = new Typed('what', 'cure');
      const copy = restoreError(JSON.parse(JSON.stringify(reportError(error))));
      assert.ok(copy instanceof Typed, Typed.name);
      assert.deepEqual(
        [copy.message, copy.cure, copy.retryable],
        [error.message, error.cure, error.retryable],
      );
    }
    assert.equal(restoreError(reportError(new RangeError('too long'))).name, 'RangeError');
  });

  it('are known by the kind of what lies at their bottom', () => {
    const wrapped = (cause: Error) =>
      new ActivityFailure(
        'Activity task failed',
        'fit',
        'id',
        RetryState.NON_RETRYABLE_FAILURE,
        'worker',
        cause,
      );
    const fault = wrapped(toFailure(new SourceFaultError('HTTP 503.', 'It is tried again.'), 1));
    assert.equal(isFailureOf(fault, StorageError, SourceFaultError), true);
    assert.equal(isFailureOf(fault, StorageError), false);
    assert.equal(isFailureOf(wrapped(new CancelledFailure('stopped')), SourceFaultError), false);
  });
});
