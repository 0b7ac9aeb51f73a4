import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LeaseRequest, SlotPoolState } from '../../src/contracts/slot-pool.ts';
import { slotQueue } from '../../src/temporal/names.ts';
import * as pool from '../../workflows/slot-pool-state.ts';
import { slotRecordOf } from '../support/fake-slots.ts';

const RULES = { ttlSeconds: 30, leaseSeconds: 120 };

const requestOf = (id: string, count: number): LeaseRequest => ({
  requestId: id,
  owner: { workflowId: `ring-training/${id}`, firstRunId: id },
  count,
});

function poolOf(slots: number, numerics = 'wasm'): SlotPoolState {
  const state = pool.emptyPool();
  for (let number = 1; number <= slots; number++) {
    pool.register(state, { slot: slotRecordOf(number, numerics), session: 's1' }, 0);
  }
  return state;
}

function ask(state: SlotPoolState, request: LeaseRequest, now = 0) {
  pool.ask(state, request);
  pool.grant(state, now, RULES);
  return pool.answerTo(state, request);
}

const queuesOf = (state: SlotPoolState, id: string) =>
  pool.grantedTo(state, { requestId: id })?.slots.map(({ queue }) => queue);

describe('the rules of a slot pool', () => {
  it('leases all that is asked for, or none and a place in the queue', () => {
    const state = poolOf(3);
    assert.equal(ask(state, requestOf('a', 2)).state, 'granted');
    assert.deepEqual(ask(state, requestOf('b', 2)), { state: 'waiting', position: 1, free: 1, known: 3 });
    pool.release(state, { requestId: 'a' });
    pool.grant(state, 0, RULES);
    assert.deepEqual(queuesOf(state, 'b'), [slotQueue('test', 1), slotQueue('test', 2)]);
  });

  it('serves first who came first, and lets nobody wait for slots that do not exist', () => {
    const state = poolOf(2);
    ask(state, requestOf('a', 1));
    ask(state, requestOf('big', 2));
    assert.equal(ask(state, requestOf('small', 1)).state, 'waiting', 'big came before small');
    const other = poolOf(2);
    ask(other, requestOf('huge', 5));
    assert.equal(
      ask(other, requestOf('small', 1)).state,
      'granted',
      'huge waits for slots that are not there',
    );
  });

  it('gives a repeated request the same slots, or the same place', () => {
    const state = poolOf(2);
    const granted = ask(state, requestOf('a', 2));
    assert.deepEqual(ask(state, requestOf('a', 2)), granted);
    ask(state, requestOf('b', 1));
    ask(state, requestOf('c', 1));
    const again = ask(state, requestOf('b', 1));
    assert.equal(again.state === 'waiting' && again.position, 1);
    assert.equal(state.waiting.length, 2);
  });

  it('forgets a silent slot, and reclaims a lease that nobody renews', () => {
    const state = poolOf(2);
    ask(state, requestOf('a', 1));
    pool.register(state, { slot: slotRecordOf(1), session: 's1' }, 40_000);
    pool.expire(state, 40_000, RULES);
    assert.deepEqual(
      state.slots.map(({ slot }) => slot.number),
      [1],
    );
    pool.renew(state, pool.grantedTo(state, { requestId: 'a' })!, 100_000, RULES);
    pool.expire(state, 200_000, RULES);
    assert.equal(state.leases.length, 1);
    pool.expire(state, 220_000, RULES);
    assert.equal(state.leases.length, 0);
  });

  it('takes back what a closed owner holds or waits for', () => {
    const state = poolOf(1);
    ask(state, requestOf('a', 1));
    ask(state, requestOf('b', 1));
    ask(state, requestOf('c', 1));
    pool.reclaim(state, [requestOf('a', 1).owner, requestOf('b', 1).owner]);
    pool.grant(state, 0, RULES);
    assert.deepEqual(queuesOf(state, 'c'), [slotQueue('test', 1)]);
    assert.equal(state.waiting.length, 0);
  });

  it('holds a lost slot back until its process has started anew', () => {
    const state = poolOf(1);
    pool.markLost(state, { queue: slotQueue('test', 1), session: 's1' });
    pool.register(state, { slot: slotRecordOf(1), session: 's1' }, 0);
    assert.equal(ask(state, requestOf('a', 1)).state, 'waiting');
    pool.register(state, { slot: slotRecordOf(1), session: 's2' }, 0);
    pool.markLost(state, { queue: slotQueue('test', 1), session: 's1' });
    assert.equal(ask(state, requestOf('a', 1)).state, 'granted', 'the news was of the process before');
  });

  it('leases no draining slot, until it is taken back into use', () => {
    const state = poolOf(1);
    pool.drain(state, { queue: slotQueue('test', 1), drain: true });
    assert.equal(ask(state, requestOf('a', 1)).state, 'waiting');
    pool.drain(state, { queue: slotQueue('test', 1), drain: false });
    assert.equal(ask(state, requestOf('a', 1)).state, 'granted');
  });

  it('puts only slots that compute alike into one ring', () => {
    const state = poolOf(2);
    pool.register(state, { slot: slotRecordOf(3, 'native'), session: 's1' }, 0);
    assert.equal(ask(state, requestOf('a', 3)).state, 'waiting');
    pool.register(state, { slot: slotRecordOf(4, 'native'), session: 's1' }, 0);
    pool.register(state, { slot: slotRecordOf(5, 'native'), session: 's1' }, 0);
    pool.grant(state, 0, RULES);
    assert.deepEqual(
      queuesOf(state, 'a'),
      [3, 4, 5].map((number) => slotQueue('test', number)),
    );
  });

  it('learns of leases from their renewals when it was started anew, but takes nothing from who holds it now', () => {
    const old = poolOf(2);
    ask(old, requestOf('a', 2));
    const lease = pool.grantedTo(old, { requestId: 'a' })!;
    const fresh = poolOf(2);
    pool.renew(fresh, lease, 0, RULES);
    assert.equal(ask(fresh, requestOf('b', 1)).state, 'waiting');
    const taken = poolOf(2);
    ask(taken, requestOf('b', 1));
    pool.renew(taken, lease, 0, RULES);
    assert.equal(pool.grantedTo(taken, { requestId: 'a' }), undefined);
  });

  it('never leases a slot twice, whatever happens in whatever order', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd');
    const number = fc.integer({ min: 1, max: 4 });
    const session = fc.constantFrom('s1', 's2');
    const step = fc.oneof(
      fc.record({ do: fc.constant('register' as const), number, session }),
      fc.record({ do: fc.constant('ask' as const), id, count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant('release' as const), id }),
      fc.record({ do: fc.constant('lost' as const), number, session }),
      fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 200 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const state = pool.emptyPool();
        let now = 0;
        for (const each of steps) {
          if (each.do === 'register') {
            pool.register(state, { slot: slotRecordOf(each.number), session: each.session }, now);
          } else if (each.do === 'ask') pool.ask(state, requestOf(each.id, each.count));
          else if (each.do === 'release') pool.release(state, { requestId: each.id });
          else if (each.do === 'lost') {
            pool.markLost(state, { queue: slotQueue('test', each.number), session: each.session });
          } else now += each.seconds * 1000;
          pool.expire(state, now, RULES);
          pool.grant(state, now, RULES);
          const leased = state.leases.flatMap(({ slots }) => slots.map(({ queue }) => queue));
          assert.equal(new Set(leased).size, leased.length);
          for (const { slots } of state.leases) assert.ok([1, 2, 3, 4].includes(slots.length));
        }
      }),
      { numRuns: 300 },
    );
  });
});
