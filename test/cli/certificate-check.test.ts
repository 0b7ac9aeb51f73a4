import assert from 'node:assert/strict';
import { checkCertificates } from '../../src/cli/doctor/certificate-check.ts';
import { loadConfig } from '../../src/config/config.ts';
import { hostFolder, testAuthority } from '../tls/certificates.ts';

describe('doctor, of certificates', () => {
  const check = (slotHost: string, tls = '/nowhere') =>
    checkCertificates(loadConfig({ slotHost, tls }, { environment: {} }));
  const verdict = async (...asked: Parameters<typeof check>) => {
    const { verdict: found, cure = '' } = (await check(...asked)) as { verdict: string; cure?: string };
    return [found, /certs --hosts alpha/.test(cure)];
  };

  it('asks for none on loopback, misses them elsewhere, and warns a month before they end', async () => {
    const authority = await testAuthority();
    const folderOf = async (days: number) => hostFolder('alpha', await authority.issue('alpha', days));
    assert.deepEqual(await verdict('127.0.0.1'), ['ok', false]);
    assert.deepEqual(await verdict('alpha'), ['fail', true]);
    assert.deepEqual(await verdict('alpha', await folderOf(100)), ['ok', false]);
    assert.deepEqual(await verdict('alpha', await folderOf(20)), ['warn', true]);
    assert.deepEqual(await verdict('alpha', await folderOf(-1)), ['fail', true]);
  });
});
