import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const TELEMETRY = fileURLToPath(new URL('../../workers/process-logger.ts', import.meta.url));

describe('the log of a worker', () => {
  it('keeps what an error says, and what caused it', () => {
    const script = `const { processLogger } = await import(${JSON.stringify(TELEMETRY)});
      const error = new Error('the child workflow failed', { cause: new Error('no demand of CAL') });
      processLogger('test', 'info').error({ error }, 'Workflow failed');`;
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    const { error } = JSON.parse(stderr) as { error: { message: string; cause: { message: string } } };
    assert.deepEqual([error.message, error.cause.message], ['the child workflow failed', 'no demand of CAL']);
  });
});
