import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, existsSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cudaRequirements, nameAndVersion } from '../../src/tensorflow/fetch.ts';

const UNPACK = fileURLToPath(new URL('../../src/tensorflow/unpack.py', import.meta.url));
const MAKE_WHEEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("tensorflow/include/tensorflow/c/c_api.h", "header")
    wheel.writestr("tensorflow/python/ops.py", "not wanted")
    tool = zipfile.ZipInfo("nvidia/bin/tool")
    tool.external_attr = 0o755 << 16
    wheel.writestr(tool, "program")
    wheel.writestr("../outside", "wicked")
`;

describe("wheels of PyPI's TensorFlow", () => {
  it('name the CUDA libraries that TensorFlow asks for, and nothing else', () => {
    const metadata = [
      'Requires-Dist: numpy>=1.26.0',
      'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
      'Requires-Dist: nvidia-nccl-cu12<3.0,>=2.27.7; python_version >= "3.9" and extra == "and-cuda"',
      'Requires-Dist: nvidia-something; extra == "other"',
      'Requires-Dist: tensorflow-io; extra == "and-cuda"',
    ].join('\n');
    assert.deepEqual(cudaRequirements(metadata), [
      'nvidia-cublas-cu12<13.0,>=12.5.3.2',
      'nvidia-nccl-cu12<3.0,>=2.27.7',
    ]);
    assert.deepEqual(nameAndVersion('nvidia_nccl_cu12-2.27.7-py3-none-manylinux_2_18_x86_64.whl'), [
      'nvidia_nccl_cu12',
      '2.27.7',
    ]);
  });

  it('are unpacked in part, programs stay programs, and nothing lands outside the folder', function () {
    const folder = mkdtempSync(join(tmpdir(), 'ringwatt-test-'));
    try {
      const wheel = join(folder, 'some.whl');
      try {
        execFileSync('python3', ['-c', MAKE_WHEEL, wheel], { stdio: 'pipe' });
      } catch {
        // There is no Python here: nothing of this can run, and the command says so itself.
        return this.skip();
      }
      const into = join(folder, 'into');
      execFileSync('python3', [UNPACK, wheel, into, 'tensorflow/include/', 'nvidia/', '../']);
      const header = join(into, 'tensorflow', 'include', 'tensorflow', 'c', 'c_api.h');
      assert.equal(readFileSync(header, 'utf8'), 'header');
      assert.equal(existsSync(join(into, 'tensorflow', 'python')), false);
      assert.equal(statSync(join(into, 'nvidia', 'bin', 'tool')).mode & 0o111, 0o111);
      assert.equal(existsSync(join(folder, 'outside')), false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
