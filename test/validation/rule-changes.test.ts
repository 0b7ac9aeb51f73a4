import assert from 'node:assert/strict';
import { ruleChanges } from '../../src/contracts/rule-changes.ts';
import { describeIssues } from '../../src/errors.ts';
import { RULES, rulesWith, type RuleChanges } from '../../src/validation/index.ts';

const wrong = (value: unknown) => describeIssues(ruleChanges.safeParse(value).error?.issues ?? []);

describe('changes of the rules', () => {
  it('leave what they do not name as it is', () => {
    const rules = rulesWith({ spike: { causal: 'flag', limits: { change: 0.5 } } });
    const spike = { ...RULES.spike, causal: 'flag', limits: { ...RULES.spike.limits, change: 0.5 } };
    assert.deepEqual(rules, { ...RULES, spike });
    assert.deepEqual(rulesWith(), RULES);
  });

  it('may name every limit that a rule has', () => {
    for (const [name, { limits }] of Object.entries(RULES)) {
      if (Object.keys(limits).length === 0) continue;
      assert.equal(wrong({ [name]: { limits } }), '', name);
      assert.deepEqual(rulesWith({ [name]: { limits } } as RuleChanges), RULES);
    }
  });

  it('are refused by the name of the rule or the field', () => {
    assert.match(wrong({ spikes: {} }), /"spikes"/);
    assert.match(wrong({ spike: { limits: { chnge: 1 } } }), /spike\.limits: .*"chnge"/);
    assert.match(wrong({ range: { causal: 'ignore' } }), /range\.causal: /);
    assert.match(wrong({ range: { limits: { high: '3' } } }), /range\.limits\.high: .*number/);
    assert.match(wrong({ shifted: { final: 'reject' } }), /shifted: .*"final"/);
    assert.match(wrong({ missing: { causal: 'off' } }), /"missing"/);
  });
});
