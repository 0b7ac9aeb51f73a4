import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WORKER = fileURLToPath(new URL('../../workers/slot-worker.ts', import.meta.url));

describe('a slot that other hosts are to reach', () => {
  it('does not offer itself to runs without certificates, and says how they are made', async () => {
    const home = mkdtempSync(join(tmpdir(), 'ringwatt-slot-'));
    const env = { ...process.env, RINGWATT_HOME: home, RINGWATT_SLOT_HOST: '192.0.2.1' };
    const { code, said } = await new Promise<{ code: unknown; said: string }>((resolve) =>
      execFile(process.execPath, [WORKER, '--number', '3'], { env }, (error, stdout, stderr) =>
        resolve({ code: error?.code, said: stdout + stderr }),
      ),
    );
    assert.match(said, /192\.0\.2\.1 has no ca\.pem in .*Run `ringwatt certs --hosts 192\.0\.2\.1`/);
    assert.equal(code, 1);
    rmSync(home, { recursive: true });
  });
});
