import assert from 'node:assert/strict';
import { nameOfUsed, parseGpus } from '../../src/tensorflow/gpus.ts';

const LISTING = `0, GPU-11111111-aaaa, NVIDIA H200
1, GPU-22222222-bbbb, NVIDIA A100-SXM4-80GB
2, GPU-22333333-cccc, Quadro RTX 6000, 24 GB
`;

describe('which GPU a slot computes on', () => {
  const gpus = parseGpus(LISTING);
  const used = (visible: string | undefined) => nameOfUsed(gpus, visible);

  it('reads what nvidia-smi lists, commas in names too', () => {
    assert.deepEqual(gpus[2], { index: 2, uuid: 'GPU-22333333-cccc', name: 'Quadro RTX 6000, 24 GB' });
    assert.deepEqual(parseGpus('No devices were found\n'), []);
  });

  it('goes by CUDA_VISIBLE_DEVICES, by number or by id', () => {
    assert.equal(used('1'), 'gpu:1 NVIDIA A100-SXM4-80GB');
    assert.equal(used('GPU-1111'), 'gpu:0 NVIDIA H200');
    assert.equal(used('GPU-22333333-cccc'), 'gpu:2 Quadro RTX 6000, 24 GB');
  });

  it('is the last that is visible, as the binding takes it, and a list ends where CUDA stops reading', () => {
    assert.equal(used(undefined), 'gpu:2 Quadro RTX 6000, 24 GB');
    assert.equal(used('2, 0'), 'gpu:0 NVIDIA H200');
    assert.equal(used('1,-1,0'), 'gpu:1 NVIDIA A100-SXM4-80GB');
  });

  it('has no name where nvidia-smi knows none', () => {
    assert.equal(nameOfUsed([], undefined), 'gpu:0');
    assert.equal(used('MIG-5a3b'), 'gpu:MIG-5a3b');
  });
});
