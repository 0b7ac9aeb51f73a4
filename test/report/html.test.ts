import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { JSDOM } from 'jsdom';
import { html } from '../../src/report/html.ts';
import { count, duration, listed, loss, megawatts, percent, period } from '../../src/report/format.ts';

describe('markup', () => {
  it('shows any text as it is, in content and in attributes', () => {
    const { window } = new JSDOM('');
    const { body } = window.document;
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        body.innerHTML = html`<p title="${text}">${text}</p>`.text;
        assert.equal(body.childElementCount, 1);
        assert.equal(body.firstElementChild!.getAttribute('title'), text);
        assert.equal(body.firstElementChild!.textContent, text);
      }),
    );
  });

  it('takes markup and lists of it as they are, and nothing for what is absent', () => {
    const items = ['a<b', 'c'].map((text) => html`<li>${text}</li>`);
    assert.equal(html`<b>${items}${null}${false}${0}</b>`.text, '<b><li>a&lt;b</li><li>c</li>0</b>');
  });
});

describe('numbers', () => {
  it('carry their units and never break from them', () => {
    assert.equal(percent(4.3917), '4.39\u00a0%');
    assert.equal(megawatts(71234.6), '71,235\u00a0MW');
    assert.equal(count(43800), '43,800');
    assert.equal(loss(0.0123456), '0.01235');
    assert.equal(duration(1.5), '1.5\u00a0s');
    assert.equal(duration(135), '2\u00a0min 15\u00a0s');
    assert.equal(duration(3599.9), '60\u00a0min 0\u00a0s');
  });

  it('are a dash where there is none', () => {
    for (const format of [percent, megawatts, count]) {
      assert.deepEqual([format(null), format(undefined), format(Number.NaN)], ['–', '–', '–']);
    }
  });

  it('and periods read as people write them', () => {
    assert.equal(listed(['PACW', 'ERCO', 'MISO']), 'PACW, ERCO and MISO');
    assert.equal(period({ from: '2018', to: '2018' }), '2018');
    assert.equal(period({ from: '2015-07', to: '2017' }), '2015-07 to 2017');
  });
});
