import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromPypi } from '../support/from-pypi.ts';
import { FILES, FOLDER, manifests, SHARDED, yamlOf } from './manifests.ts';

/** Ships the schemas of its Kubernetes version, which its own version is. */
const VALIDATOR = 'kubernetes-validate==1.37.0';

describe('the schemas of Kubernetes', () => {
  let brought: string;

  before(async function () {
    const found = await fromPypi('kubernetes-validate', VALIDATOR);
    if (found === undefined) {
      console.log('    left out: pip brings no kubernetes-validate');
      this.skip();
    }
    brought = found!;
  });

  /** Strict: a field that Kubernetes does not know is a fault. */
  const validate = (...files: string[]) =>
    spawnSync('python3', ['-m', 'kubernetes_validate', '--strict', ...files], {
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: brought },
    });

  it('take every object of deploy/kubernetes', () => {
    const { status, stdout, stderr } = validate(...[...FILES, SHARDED].map((file) => join(FOLDER, file)));
    assert.equal(status, 0, stdout + stderr);
    const objects = manifests.length + yamlOf(SHARDED).length;
    assert.equal((stdout + stderr).match(/ passed for resource /g)?.length, objects);
  });

  it('do not take a field that is misspelt', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringwatt-schema-'));
    try {
      const file = join(folder, 'wrong.yaml');
      writeFileSync(
        file,
        'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 1, targetport: 2}]}\n',
      );
      const { status, stdout, stderr } = validate(file);
      assert.notEqual(status, 0);
      assert.match(stdout + stderr, /targetport/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
