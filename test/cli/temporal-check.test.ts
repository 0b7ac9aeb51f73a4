import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { checkTemporalCli } from '../../src/cli/doctor/machine-checks.ts';
import { configSchema } from '../../src/config/config.ts';

describe('what doctor says of the Temporal CLI', () => {
  const before = process.env['PATH'];
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'ringwatt-cli-path-'))));
  afterEach(() => {
    process.env['PATH'] = before;
    rmSync(folder, { recursive: true, force: true });
  });

  it('has its path, for the commands that are typed by hand', async () => {
    const path = join(folder, 'temporal');
    writeFileSync(path, '#!/bin/sh\necho "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"\n');
    chmodSync(path, 0o755);
    process.env['PATH'] = [folder, before].join(delimiter);
    assert.deepEqual(await checkTemporalCli(configSchema.parse({})), {
      what: 'Temporal',
      verdict: 'ok',
      detail: `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1), on PATH: ${path}`,
    });
  });
});
