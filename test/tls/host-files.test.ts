import assert from 'node:assert/strict';
import { BadInputError } from '../../src/errors.ts';
import { readRingTls, type RingTls } from '../../src/tls/host-files.ts';
import { hostFolder, testAuthority } from './certificates.ts';

describe('the certificates of a host', () => {
  const host = 'alpha.example';
  let authority: Awaited<ReturnType<typeof testAuthority>>;
  before(async () => {
    authority = await testAuthority();
  });

  const refused = async (files: Partial<RingTls>, says: RegExp, cure: RegExp, mode?: number) => {
    const folder = await hostFolder(host, files, mode);
    await assert.rejects(readRingTls(folder, host), (error: Error) => {
      assert.ok(error instanceof BadInputError, String(error));
      assert.match(error.message, says);
      assert.match(error.cure, cure);
      return true;
    });
  };

  it('are read when nothing is wrong with them', async () => {
    const files = await authority.issue(host);
    assert.deepEqual(await readRingTls(await hostFolder(host, files), host), files);
  });

  it('are missed by name, with how to make them', async () => {
    const { key: _, ...rest } = await authority.issue(host);
    await refused({}, /alpha\.example has no ca\.pem/, /ringwatt certs --hosts alpha\.example/);
    await refused(rest, /alpha\.example has no key\.pem/, /RINGWATT_TLS/);
  });

  it('are refused with a key that others may read', async () => {
    const files = await authority.issue(host);
    await refused(files, /Others than its user may read .*key\.pem \(mode 640\)/, /chmod 600/, 0o640);
  });

  it('are refused before their time, after it, for another name, of another authority, with another key', async () => {
    const renew = /ringwatt certs --hosts alpha\.example --renew/;
    const files = await authority.issue(host);
    await refused(await authority.issue(host, -1), /expired: it was good until/, renew);
    await refused(await authority.issue('beta'), /is for DNS:beta, not for alpha\.example/, renew);
    const { ca } = await testAuthority();
    await refused({ ...files, ca }, /was not made by the authority in ca\.pem/, renew);
    const { key } = await authority.issue(host);
    await refused({ ...files, key }, /does not fit the key/, renew);
    await refused({ ...files, cert: 'rubbish' }, /cert\.pem is no PEM file/, renew);
  });
});
