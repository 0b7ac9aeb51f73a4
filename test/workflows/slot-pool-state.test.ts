import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LeaseRequest, SlotPoolState } from '../../src/contracts/slot-pool.ts';
import { slotQueue } from '../../src/temporal/names.ts';
import { answerTo, freeSlots, grant } from '../../workflows/slot-pool-grants.ts';
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
  grant(state, now, RULES);
  return answerTo(state, request);
}

const queuesOf = (state: SlotPoolState, id: string) =>
  pool.grantedTo(state, { requestId: id })?.slots.map(({ queue }) => queue);

describe('the rules of a slot pool', () => {
  it('leases all that is asked for, or none and a place in the queue', () => {
    const state = poolOf(3);
    assert.equal(ask(state, requestOf('a', 2)).state, 'granted');
    assert.deepEqual(ask(state, requestOf('b', 2)), {
      state: 'waiting',
      position: 1,
      free: 1,
      suitable: 3,
      known: 3,
      passedOver: [1, 2].map((number) => ({
        queue: slotQueue('test', number),
        why: 'is held by ring-training/a',
      })),
    });
    pool.release(state, { requestId: 'a' });
    grant(state, 0, RULES);
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
    grant(state, 0, RULES);
    assert.deepEqual(queuesOf(state, 'c'), [slotQueue('test', 1)]);
    assert.equal(state.waiting.length, 0);
  });

  const lost = (number: number, session = 's1') => ({ queue: slotQueue('test', number), session });

  it('holds a lost slot back until its process has started anew', () => {
    const state = poolOf(1);
    pool.markLost(state, lost(1), 0);
    assert.equal(ask(state, requestOf('a', 1)).state, 'waiting');
    pool.register(state, { slot: slotRecordOf(1), session: 's2' }, 0);
    pool.markLost(state, lost(1), 0);
    assert.equal(ask(state, requestOf('a', 1)).state, 'granted', 'the news was of the process before');
  });

  it('believes a lost slot that it hears of later, and the later the more often it was lost', () => {
    const state = poolOf(1);
    const heardAt = (now: number) => {
      pool.register(state, { slot: slotRecordOf(1), session: 's1' }, now);
      return freeSlots(state).length;
    };
    pool.markLost(state, lost(1), 0);
    assert.deepEqual([heardAt(999), heardAt(1000)], [0, 1]);
    pool.markLost(state, lost(1), 5000);
    pool.markLost(state, lost(1), 5000);
    assert.deepEqual([heardAt(8999), heardAt(9000)], [0, 1], 'four seconds after the third loss');
  });

  const restarted = (state: SlotPoolState, number: number) =>
    pool.register(state, { slot: slotRecordOf(number), session: 's2' }, 0);

  it('names the lease that held a process which was started anew', () => {
    const state = poolOf(2);
    ask(state, requestOf('a', 1));
    assert.equal(restarted(state, 1)?.requestId, 'a');
    assert.equal(restarted(state, 1), undefined, 'once');
    assert.equal(restarted(state, 2), undefined, 'nobody held it');
  });

  const replacing = (id: string, count: number, more: Partial<LeaseRequest> = {}): LeaseRequest => ({
    ...requestOf(`${id}2`, count),
    owner: requestOf(id, count).owner,
    replaces: id,
    ...more,
  });
  const numbers = (...slots: number[]) => slots.map((number) => slotQueue('test', number));

  it('replaces a lost slot in one act: who is left keeps its rank, a spare takes the gap', () => {
    const state = poolOf(4);
    ask(state, requestOf('a', 3));
    pool.markLost(state, lost(2), 0);
    ask(state, replacing('a', 3));
    assert.deepEqual(queuesOf(state, 'a2'), numbers(1, 4, 3));
    assert.equal(queuesOf(state, 'a'), undefined);
  });

  it('holds on to the slots that are left while none replaces the lost one, before all who have none yet', () => {
    const state = poolOf(3);
    ask(state, requestOf('a', 2));
    ask(state, requestOf('b', 1));
    ask(state, requestOf('c', 2));
    pool.markLost(state, lost(2), 0);
    const answer = ask(state, replacing('a', 2));
    assert.deepEqual(answer.state === 'waiting' && [answer.position, answer.free], [1, 1]);
    pool.release(state, { requestId: 'b' });
    grant(state, 0, RULES);
    assert.deepEqual(queuesOf(state, 'a2'), numbers(1, 3));
    assert.equal(queuesOf(state, 'c'), undefined);
  });

  it('lets a ring that waits give way to one that waited before it: neither would ever run', () => {
    const state = poolOf(4);
    ask(state, requestOf('a', 2));
    ask(state, requestOf('b', 2));
    pool.markLost(state, lost(2), 0);
    pool.markLost(state, lost(4), 0);
    assert.equal(ask(state, replacing('a', 2)).state, 'waiting');
    assert.equal(ask(state, replacing('b', 2)).state, 'waiting');
    assert.deepEqual(queuesOf(state, 'a2'), numbers(1, 3));
    restarted(state, 2);
    restarted(state, 4);
    grant(state, 0, RULES);
    assert.deepEqual(queuesOf(state, 'b2'), numbers(4, 2));
  });

  it('shrinks a lease without changing the order of its ranks', () => {
    const state = poolOf(3);
    ask(state, requestOf('a', 3));
    pool.markLost(state, lost(1), 0);
    ask(state, replacing('a', 2));
    assert.deepEqual(queuesOf(state, 'a2'), numbers(3, 2), 'rank 1 stays, the last fills the gap');
  });

  it('prefers slots that runs have lost least', () => {
    const state = poolOf(2);
    pool.markLost(state, lost(1), 0);
    pool.register(state, { slot: slotRecordOf(1), session: 's1' }, 2000);
    ask(state, requestOf('a', 1), 2000);
    assert.deepEqual(queuesOf(state, 'a'), numbers(2));
  });

  it('gives a run only what computes as it began, and the device it asked for, and says who is passed over', () => {
    const state = poolOf(1);
    pool.register(state, { slot: slotRecordOf(2, 'native'), session: 's1' }, 0);
    const gpu = { ...slotRecordOf(3, 'cuda'), device: 'gpu:0 H200' };
    pool.register(state, { slot: gpu, session: 's1' }, 0);
    const reasons = (request: LeaseRequest) => {
      const answer = ask(state, request);
      return answer.state === 'waiting' && answer.passedOver.map(({ why }) => why);
    };
    assert.deepEqual(reasons({ ...requestOf('a', 2), numerics: 'native', device: 'cpu' }), [
      'computes with wasm, the run began with native',
      'is gpu:0 H200, cpu is asked for',
    ]);
    pool.release(state, { requestId: 'a' });
    ask(state, { ...requestOf('b', 1), device: 'gpu' });
    assert.deepEqual(queuesOf(state, 'b'), numbers(3));
    ask(state, { ...requestOf('c', 2), numerics: 'native', mixed: true });
    assert.deepEqual(queuesOf(state, 'c'), numbers(1, 2));
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
    grant(state, 0, RULES);
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
    assert.deepEqual(
      pool.renew(taken, lease, 0, RULES).map(({ queue }) => queue),
      [slotQueue('test', 1)],
    );
    assert.equal(pool.grantedTo(taken, { requestId: 'a' }), undefined);
  });

  it('never leases a slot twice, whatever happens in whatever order', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd');
    const number = fc.integer({ min: 1, max: 4 });
    const session = fc.constantFrom('s1', 's2');
    const step = fc.oneof(
      fc.record({ do: fc.constant('register' as const), number, session }),
      fc.record({
        do: fc.constant('ask' as const),
        id,
        count: fc.integer({ min: 1, max: 4 }),
        replaces: fc.option(id, { nil: undefined }),
      }),
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
          } else if (each.do === 'ask') {
            const more = each.replaces === undefined ? {} : { replaces: each.replaces };
            pool.ask(state, { ...requestOf(each.id, each.count), ...more });
          } else if (each.do === 'release') pool.release(state, { requestId: each.id });
          else if (each.do === 'lost') {
            pool.markLost(state, lost(each.number, each.session), now);
          } else now += each.seconds * 1000;
          pool.expire(state, now, RULES);
          grant(state, now, RULES);
          const leased = state.leases.flatMap(({ slots }) => slots.map(({ queue }) => queue));
          assert.equal(new Set(leased).size, leased.length);
          for (const { slots } of state.leases) assert.ok([1, 2, 3, 4].includes(slots.length));
        }
      }),
      { numRuns: 300 },
    );
  });
});
