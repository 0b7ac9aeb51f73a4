import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { until } from './until.ts';

describe('until', () => {
  it('waits outside of tests as well', () => {
    const { href } = new URL('until.ts', import.meta.url);
    const program = `const { until } = await import('${href}'); let asked = 0; await until(() => ++asked > 2); console.log(asked);`;
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
    });
    assert.equal(said.trim(), '3');
  });

  it('fails with what fails while it asks', async () => {
    await assert.rejects(
      until(() => Promise.reject(new Error('gone'))),
      /gone/,
    );
  });
});
