import assert from 'node:assert/strict';
import { studentConfig, studentWeights } from '../../src/compression/student.ts';
import { distilSettings } from '../../src/contracts/compression.ts';
import { layoutOf, viewOf } from '../../src/model/parameters.ts';
import { smallNetwork } from '../export/small-network.ts';

const TEACHER = { width: 32, heads: 4, kvHeads: 2, layers: 4, mlpWidth: 64 };
const asked = (settings: object) => distilSettings.parse({ method: 'distil', ...settings });

describe('a network to be taught', () => {
  const teacher = smallNetwork('teacher', { config: TEACHER });
  const part = (config: typeof teacher.config, weights: Float32Array, name: string) =>
    viewOf(weights, layoutOf(config).byName.get(name)!);

  it('has half the layers where nobody says, and heads as wide as the teacher’s', () => {
    const sizes = ({ width, layers, heads, kvHeads, mlpWidth }: typeof teacher.config) =>
      [width, layers, heads, kvHeads, mlpWidth].join(' ');
    assert.equal(sizes(studentConfig(teacher.config, asked({}))), '32 2 4 2 64');
    assert.equal(sizes(studentConfig(teacher.config, asked({ width: 16 }))), '16 4 2 1 32');
    assert.equal(sizes(studentConfig(teacher.config, asked({ width: 8, layers: 1 }))), '8 1 1 1 16');
    assert.equal(sizes(studentConfig(teacher.config, asked({ layers: 3, width: 24 }))), '24 3 3 3 48');
  });

  it('is refused where it is not smaller, or its heads do not fit', () => {
    for (const settings of [{ layers: 4 }, { layers: 5 }, { width: 40 }, { width: 64, layers: 4 }]) {
      assert.throws(
        () => studentConfig(teacher.config, asked(settings)),
        /is not smaller than the version's/,
      );
    }
    assert.throws(
      () => studentConfig(teacher.config, asked({ width: 12 })),
      /12 cannot be split into heads that are 8 wide/,
    );
  });

  it('begins with what it shares with its teacher, layers evenly spread', () => {
    const config = studentConfig(teacher.config, asked({}));
    const weights = studentWeights(teacher, config, 1);
    const pairs = [
      ['layer.0.mlp.in', 'layer.0.mlp.in'],
      ['layer.1.mlp.in', 'layer.2.mlp.in'],
      ['issue.direct.region', 'issue.direct.region'],
      ['embed.input', 'embed.input'],
    ] as const;
    for (const [own, from] of pairs) {
      assert.deepEqual(part(config, weights, own), part(teacher.config, teacher.weights, from), own);
    }
    const narrow = studentConfig(teacher.config, asked({ width: 16 }));
    const begun = studentWeights(teacher, narrow, 1);
    for (const name of ['issue.direct.region', 'head.direct', 'issue.deep']) {
      assert.deepEqual(part(narrow, begun, name), part(teacher.config, teacher.weights, name), name);
    }
    assert.ok(begun.every(Number.isFinite));
    assert.notDeepEqual(begun, studentWeights(teacher, narrow, 2));
  });
});
