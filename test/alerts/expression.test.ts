import assert from 'node:assert/strict';
import fc from 'fast-check';
import { evaluate, type Fact } from '../../src/alerts/expression/evaluate.ts';
import {
  ARITHMETIC,
  COMPARISONS,
  MOST_DEPTH,
  MOST_LETTERS,
  namesOf,
  WORDS,
  type Expression,
} from '../../src/alerts/expression/expression.ts';
import { parseCondition } from '../../src/alerts/expression/parse.ts';
import { printCondition } from '../../src/alerts/expression/print.ts';
import { ExpressionError } from '../../src/alerts/expression/tokens.ts';

const holds = (source: string, facts: Record<string, Fact>) => {
  const verdict = evaluate(parseCondition(source), facts);
  return verdict.decided ? verdict.holds : verdict.why;
};

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter((word) => !WORDS.has(word));
const finite = fc
  .double({ noNaN: true, noDefaultInfinity: true, min: 0 })
  .filter((value) => !Object.is(value, -0));
const text = fc.string({ maxLength: 8 }).filter((value) => !/[\r\n]/.test(value));

/** Trees that are well formed, of numbers and of what is true or false. */
const { truth } = fc.letrec<{ number: Expression; truth: Expression }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 5 },
    fc.record({ op: fc.constant('number' as const), value: finite }),
    fc.record({ op: fc.constant('name' as const), name }),
    fc.record({ op: fc.constant('negate' as const), of: tie('number') }),
    fc.record({ op: fc.constantFrom(...ARITHMETIC), left: tie('number'), right: tie('number') }),
  ),
  truth: fc.oneof(
    { maxDepth: 5 },
    fc.record({ op: fc.constantFrom(...COMPARISONS), left: tie('number'), right: tie('number') }),
    fc.record({ op: fc.constant('truth' as const), value: fc.boolean() }),
    fc.record({
      op: fc.constantFrom('==' as const, '!=' as const),
      left: fc.record({ op: fc.constant('text' as const), value: text }),
      right: fc.record({ op: fc.constant('text' as const), value: text }),
    }),
    fc.record({ op: fc.constant('not' as const), of: tie('truth') }),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      left: tie('truth'),
      right: tie('truth'),
    }),
  ),
}));

/** Written for another reader, to be computed without any of our code. */
function inJavaScript(tree: Expression): string {
  if (tree.op === 'number' || tree.op === 'truth') return `(${tree.value})`;
  if (tree.op === 'text') return JSON.stringify(tree.value);
  if (tree.op === 'name') return `facts[${JSON.stringify(tree.name)}]`;
  if ('of' in tree) return `(${tree.op === 'not' ? '!' : '-'}${inJavaScript(tree.of)})`;
  const sides = [inJavaScript(tree.left), inJavaScript(tree.right)] as const;
  if (tree.op === 'and') return `(${sides.join('&&')})`;
  if (tree.op === 'or') return `(${sides.join('||')})`;
  if (tree.op === '==' || tree.op === '!=') return `(${sides.join(`${tree.op}=`)})`;
  const computed = `(${sides.join(tree.op)})`;
  return (ARITHMETIC as readonly string[]).includes(tree.op) ? `finite${computed}` : computed;
}

function otherReading(tree: Expression, facts: Record<string, Fact>): boolean | 'undecided' {
  const finitely = (value: number) => {
    if (!Number.isFinite(value)) throw new RangeError();
    return value;
  };
  try {
    // oxlint-disable-next-line no-implied-eval, no-new-func
    return new Function('facts', 'finite', `return ${inJavaScript(tree)}`)(facts, finitely) as boolean;
  } catch (error) {
    if (error instanceof RangeError) return 'undecided';
    throw error;
  }
}

describe('conditions of rules', () => {
  it('read the two of the source documents', () => {
    assert.equal(holds('psi_score > 0.25', { psi_score: 0.26 }), true);
    assert.equal(holds('psi_score > 0.25', { psi_score: 0.25 }), false);
    const drop = 'accuracy < baseline_accuracy - 0.05';
    assert.equal(holds(drop, { accuracy: 0.9, baseline_accuracy: 0.96 }), true);
    assert.equal(holds(drop, { accuracy: 0.92, baseline_accuracy: 0.96 }), false);
  });

  it('hold together as in arithmetic: signs before products, sums, comparisons, not, and, or', () => {
    assert.equal(holds('1 + 2 * 3 == 7', {}), true);
    assert.equal(holds('10 - 2 - 3 == 5 and 12 / 3 / 2 == 2', {}), true);
    assert.equal(holds('-2 * -3 == 6', {}), true);
    assert.equal(holds('not 1 > 2', {}), true);
    assert.equal(holds('true or false and false', {}), true);
    assert.equal(holds('(true or false) and false', {}), false);
    assert.equal(holds('job != "retrain" and late', { job: 'drift', late: true }), true);
  });

  it('are undecided where a name is absent, whatever the rest says, and name it', () => {
    assert.equal(holds('psi_score > 0.25', {}), 'psi_score is absent');
    assert.equal(holds('true or a > 1 or b > 1', { b: 2 }), 'a is absent');
    assert.equal(holds('a > b', {}), 'a, b are absent');
    assert.equal(holds('constructor == 1 or __proto__ == 1', {}), 'constructor, __proto__ are absent');
  });

  it('are undecided where a fact is of the wrong kind, or arithmetic leads nowhere', () => {
    assert.equal(holds('a > 1', { a: 'high' }), 'a is "high" where a number is needed');
    assert.equal(holds('a', { a: 1 }), 'a is 1 where true or false is needed');
    assert.equal(holds('a == 1', { a: true }), 'a is true and a part is 1: they cannot be compared');
    assert.equal(holds('1 / a > 1', { a: 0 }), 'it divides by zero');
    assert.equal(holds('a * a > 1', { a: 1e200 }), '1e+200 * 1e+200 is too large');
    assert.equal(holds('a > 1', { a: Number.NaN }), 'a is NaN where a number is needed');
  });

  it('look at a right side only where it matters', () => {
    assert.equal(holds('a > 0 and 1 / a > 1', { a: 0 }), false);
    assert.equal(holds('a == 0 or 1 / a > 1', { a: 0 }), true);
  });

  const wrong: [string, number, RegExp][] = [
    ['', 1, /the end.*Finish the condition/],
    ['psi_score >', 12, /the end/],
    ['psi_score = 0.25', 11, /Write ==/],
    ['a > 1 && b > 1', 7, /Write `and`/],
    ['a ≥ 1', 3, /Write >=/],
    ['a > 5 %', 7, /0\.05/],
    ['(a > 1', 7, /\( of column 1 is not closed/],
    ['a > 1)', 6, /closes nothing/],
    ['1 < a < 2', 7, /joined with and/],
    ['a > 1 b > 2', 7, /"b" stands where/],
    ["a == 'x", 6, /never ends.*End it with '/],
    ["a == 'x\\y'", 8, /backslash/],
    ['a + 1', 1, /is a number, neither true nor false/],
    ["'a'", 1, /is a text/],
    ["a > 'x'", 5, /> compares numbers, and this is a text/],
    ["'x' + 1 > 2", 1, /\+ takes numbers/],
    ['1 and true', 1, /and joins/],
    ["1 == 'x'", 3, /never be equal/],
    ['a > 1e999', 5, /too large/],
    ['a > and', 5, /"and" stands where/],
    ['process.exit()', 8, /means nothing/],
    ['a\nb', 2, /means nothing/],
  ];
  for (const [source, column, says] of wrong) {
    it(`refuse ${JSON.stringify(source)} by its column`, () => {
      assert.throws(
        () => parseCondition(source),
        (error) => error instanceof ExpressionError && error.column === column && says.test(error.line),
      );
    });
  }

  it('have so many letters and lie so deep, and no more', () => {
    assert.doesNotThrow(() => parseCondition(`a > ${'1'.repeat(MOST_LETTERS - 800)}${' '.repeat(796)}`));
    assert.throws(() => parseCondition(`a > 1${' '.repeat(MOST_LETTERS)}`), /1001.*letters/);
    const nested = (depth: number) => `${'('.repeat(depth)}a${')'.repeat(depth)}`;
    assert.doesNotThrow(() => parseCondition(nested(MOST_DEPTH)));
    assert.throws(() => parseCondition(nested(MOST_DEPTH + 1)), /within each other/);
    assert.throws(() => parseCondition(`${'not '.repeat(MOST_DEPTH + 1)}a`), /within each other/);
    assert.throws(() => parseCondition(`${'-'.repeat(MOST_DEPTH + 1)}1 > 0`), /within each other/);
    assert.doesNotThrow(() => holds(`0${'+a'.repeat(490)} > 1`, { a: 1 }));
  });

  it('come back the same from what is printed of them', () => {
    fc.assert(
      fc.property(
        truth.map((tree) => structuredClone(tree)),
        (tree) => {
          const printed = printCondition(tree);
          fc.pre(printed.length <= MOST_LETTERS);
          assert.deepEqual(parseCondition(printed), tree);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('have the value that another reader finds', () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(truth, fc.infiniteStream(value), (tree, values) => {
        const facts = Object.fromEntries(namesOf(tree).map((key) => [key, values.next().value as number]));
        const verdict = evaluate(tree, facts);
        assert.equal(verdict.decided ? verdict.holds : 'undecided', otherReading(tree, facts));
      }),
      { numRuns: 500 },
    );
  });

  it('survive any text: a tree or an error with a column in it, never a crash', () => {
    const pieces = fc.array(
      fc.constantFrom(
        'a',
        '1',
        '.',
        "'",
        '"',
        '\\',
        '(',
        ')',
        '-',
        '<',
        '=',
        '!',
        ' and ',
        ' not ',
        ' ',
        '😀',
        '\0',
      ),
      { maxLength: 60 },
    );
    const garbage = fc.oneof(
      fc.string({ maxLength: 80, unit: 'binary' }),
      pieces.map((all) => all.join('')),
    );
    fc.assert(
      fc.property(garbage, (source) => {
        try {
          evaluate(parseCondition(source), { a: 1 });
        } catch (error) {
          assert.ok(error instanceof ExpressionError, String(error));
          assert.ok(error.column >= 1 && error.column <= source.length + 1);
          assert.notEqual(error.cure, '');
        }
      }),
      { numRuns: 600 },
    );
  });
});
