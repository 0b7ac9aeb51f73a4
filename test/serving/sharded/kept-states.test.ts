import assert from 'node:assert/strict';
import { KeptStates } from '../../../src/serving/sharded/kept-states.ts';

const history = (value: number, { hours = 4, region = 0 } = {}) => ({
  history: new Float32Array(hours * 2).fill(value),
  ...{ hours, region },
});
const state = (value: number) => Float32Array.of(value);

describe('states that are kept', () => {
  it('are found by the same values of the same region and network, and by no others', () => {
    const kept = new KeptStates();
    const [one, other] = [{}, {}];
    const asked = history(1);
    kept.keep(one, asked, state(7));
    // What was asked is given away.
    asked.history.fill(0);
    assert.deepEqual(kept.find(one, history(1)), state(7));
    assert.equal(kept.find(one, history(0)), undefined);
    assert.equal(kept.find(one, history(1, { region: 1 })), undefined);
    assert.equal(kept.find(other, history(1)), undefined);
    const nearly = history(1);
    nearly.history[7] = 1 + 2 ** -23;
    assert.equal(kept.find(one, nearly), undefined);
  });

  it('go, the longest unused first, where there is no room', () => {
    const { byteLength } = history(0).history;
    const kept = new KeptStates(2 * byteLength);
    const of = {};
    kept.keep(of, history(1), state(1));
    kept.keep(of, history(2), state(2));
    kept.find(of, history(1));
    kept.keep(of, history(3), state(3));
    assert.equal(kept.find(of, history(2)), undefined);
    assert.deepEqual(kept.find(of, history(1)), state(1));
    assert.deepEqual(kept.find(of, history(3)), state(3));
    kept.keep(of, history(4, { hours: 100 }), state(4));
    assert.equal(kept.find(of, history(4, { hours: 100 })), undefined);
    assert.deepEqual(kept.find(of, history(3)), state(3));
  });

  it('are forgotten with their network, and leave their room', () => {
    const { byteLength } = history(0).history;
    const kept = new KeptStates(2 * byteLength);
    const [one, other] = [{}, {}];
    kept.keep(one, history(1), state(1));
    kept.keep(other, history(1), state(2));
    kept.forget(one);
    assert.equal(kept.find(one, history(1)), undefined);
    kept.keep(other, history(2), state(3));
    assert.deepEqual(kept.find(other, history(1)), state(2));
  });
});
