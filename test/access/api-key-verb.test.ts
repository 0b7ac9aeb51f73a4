import assert from 'node:assert/strict';
import { reasonOf, ringwatt } from '../cli/command.ts';
import { accessOptionsOf } from '../../src/cli/access-flags.ts';
import { FAR, OFF_LOOPBACK, gateOf, newHome } from './sample.ts';

describe('api-key', () => {
  it('makes a key that opens, shows it once, lists it without, and takes it back', async () => {
    const home = await newHome();
    const verb = (...args: string[]) => ringwatt(['api-key', ...args, '--home', home.root]);
    const made = await verb(
      'create',
      'desk',
      '--role',
      'operator',
      '--expires',
      '90d',
      '--by',
      'alice',
      '--json',
    );
    assert.equal(made.code, 0, made.stderr);
    const { key, id, expires } = JSON.parse(made.stdout) as { key: string; id: string; expires: string };
    assert.ok(Math.abs(Date.parse(expires) - Date.now() - 90 * 86_400_000) < 3_600_000);
    const gate = await gateOf(home, OFF_LOOPBACK);
    assert.equal((await gate.admit({ ...FAR, apiKey: key }, 'operator')).name, 'desk');

    const [listed, asJson, refused] = await Promise.all([
      verb('list'),
      verb('list', '--json'),
      verb('create', 'desk', '--role', 'viewer'),
    ]);
    assert.match(listed.stdout, new RegExp(`^${id} +desk +operator .*alice +until `, 'm'));
    for (const { stdout } of [listed, asJson])
      assert.ok(!/hash|[0-9a-f]{64}/.test(stdout) && !stdout.includes(key));
    assert.match(reasonOf(refused), /named desk already/);

    const revoked = await verb('revoke', id, '--reason', 'left');
    assert.equal(revoked.code, 0, revoked.stderr);
    await assert.rejects(gate.admit({ ...FAR, apiKey: key }, 'viewer'), /was revoked/);
    assert.match((await verb('list')).stdout, /revoked 20/);
  });

  it('says what is wrong with what it is given', async () => {
    const home = await newHome();
    const verb = (...args: string[]) => ringwatt(['api-key', ...args, '--home', home.root]);
    const wrong: [string[], RegExp][] = [
      [['create', 'desk'], /no role.*--role/],
      [['create', 'desk', '--role', 'root'], /"root" is no role/],
      [['create', 'desk', '--role', 'viewer', '--expires', 'tomorrow'], /no time from now.*90d/],
      [['revoke', 'nothing1'], /no key "nothing1"/],
      [['list', '--role', 'viewer'], /list takes no --role/],
      [['revoke', 'nothing1', '--expires', '90d'], /revoke takes no --expires/],
      [['constructor'], /cannot be asked to/],
    ];
    const ended = await Promise.all(wrong.map(([args]) => verb(...args)));
    for (const [i, [args, says]] of wrong.entries()) assert.match(reasonOf(ended[i]!), says, args.join(' '));
  });
});

describe('flags of access', () => {
  it('become options, and those that need each other say so', () => {
    const options = accessOptionsOf(
      { oidcIssuer: 'https://id.example', oidcAudience: 'ringwatt', burst: 5 },
      '::',
    );
    assert.deepEqual(
      [options.host, options.oidc?.roleClaim, options.burst, options.requestsPerMinute, options.tls],
      ['::', 'roles', 5, 6000, undefined],
    );
    assert.throws(() => accessOptionsOf({ tlsCert: 'c' }, '::'), /--tls-cert needs --tls-key/);
    assert.throws(() => accessOptionsOf({ tlsClientCa: 'c' }, '::'), /--tls-client-ca needs --tls-cert/);
    assert.throws(() => accessOptionsOf({ oidcJwks: 'c' }, '::'), /--oidc-jwks needs --oidc-issuer/);
    assert.throws(() => accessOptionsOf({ oidcIssuer: 'id', oidcAudience: 'a' }, '::'), /oidc\.issuer/);
    assert.throws(() => accessOptionsOf({ requestsPerMinute: 0 }, '::'), /requestsPerMinute/);
  });
});
