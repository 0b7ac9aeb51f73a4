import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ingestionInput } from '../../src/contracts/ingestion.ts';
import { HOUR_SECONDS, fromHourStamp, toHourStamp } from '../../src/contracts/time.ts';
import { redact } from '../../src/sources/redaction.ts';
import { fetchName } from '../../src/sources/source-access.ts';
import { planIngestion } from '../../src/sources/stage.ts';
import { windowsOf } from '../../src/sources/windows.ts';
import { archive, contextOf, temporaryHome } from './support.ts';

const hour = fc
  .integer({ min: Date.UTC(2014, 0, 1) / 3600_000, max: Date.UTC(2030, 0, 1) / 3600_000 })
  .map((hours) => hours * HOUR_SECONDS);

describe('windows', () => {
  for (const source of ['eia', 'caiso'] as const) {
    it(`cover every hour of a period exactly once: ${source}`, () => {
      const input = ingestionInput.parse({
        source,
        regions: ['CISO'],
        routes: [source === 'eia' ? 'region-data' : 'SLD_FCST'],
      });
      fc.assert(
        fc.property(hour, fc.nat(30_000), (from, hours) => {
          const to = from + hours * HOUR_SECONDS;
          const windows = windowsOf(input, { from: toHourStamp(from), to: toHourStamp(to) });
          let next = from;
          for (const window of windows) {
            assert.equal(fromHourStamp(window.from), next);
            const length = (fromHourStamp(window.to) - next) / HOUR_SECONDS + 1;
            assert.ok(length >= 1 && length <= (source === 'eia' ? 8784 : 31 * 24));
            next = fromHourStamp(window.to) + HOUR_SECONDS;
          }
          assert.equal(next, to + HOUR_SECONDS);
        }),
      );
    });
  }

  it('are refused, before anything loops over their hours, for years that no record reaches', () => {
    const parsed = ingestionInput.safeParse({ regions: ['PACW'], from: '0001', to: '9999' });
    assert.deepEqual(
      parsed.error?.issues.map(({ path, message }) => [path.join(), message]),
      [
        ['from', 'must lie in the years 2000 to 2100, which 0001 does not'],
        ['to', 'must lie in the years 2000 to 2100, which 9999 does not'],
      ],
    );
  });

  it('of a century that the source does not have are left out of the plan, and their hours are missing', async () => {
    await using server = await archive();
    await using home = await temporaryHome();
    const input = { routes: ['region-data' as const], regions: ['PACW' as const] };
    const [usual, century] = await Promise.all(
      [{}, { from: '2000', to: '2100' }].map((period) =>
        planIngestion(contextOf(home, server.url), ingestionInput.parse({ ...input, ...period })),
      ),
    );
    assert.deepEqual(
      century!.windows.map(({ from }) => from.slice(0, 4)),
      usual!.windows.map(({ from }) => from.slice(0, 4)),
    );
    assert.deepEqual(century!.period, { from: '2000-01-01T01', to: '2101-01-01T00' });
    assert.equal(century!.estimate.records, usual!.estimate.records);
  });

  it('are fetched again, under another name, as long as their hours may be revised', () => {
    const window = windowsOf(ingestionInput.parse({ regions: ['ERCO'], routes: ['region-data'] }), {
      from: '2024-01-01T01',
      to: '2025-01-01T00',
    })[0]!;
    const at = (now: string, simulated = false) =>
      fetchName(window, { archive: simulated, now: Date.parse(now) / 1000, simulated });
    assert.equal(at('2024-06-01T05:30Z'), '2024-06-01');
    assert.equal(at('2024-06-01T05:30Z', true), '2024-06-01T05');
    assert.equal(at('2025-06-30T00:00Z'), '2025-06-30');
    assert.equal(at('2025-08-01T00:00Z'), 'settled');
  });
});

describe('redaction', () => {
  it('leaves no trace of a key, plain or percent-encoded, and everything else as it was', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '+', '/', 'é', '{', '"') });
    fc.assert(
      fc.property(text, text, fc.constantFrom('k3y+/=', 'a+b', 'plain-key'), (before, after, key) => {
        const body = Buffer.from(`${before}${key}|${encodeURIComponent(key)}${after}`);
        const clean = redact(body, [key]).toString();
        assert.ok(!clean.includes(key) && !clean.includes(encodeURIComponent(key)));
        if (!before.includes(key) && !after.includes(key)) {
          assert.equal(clean.replaceAll('REDACTED', ''), `${before}|${after}`);
        }
      }),
    );
    const untouched = Buffer.from('nothing here');
    assert.equal(redact(untouched, ['key']), untouched);
  });
});
