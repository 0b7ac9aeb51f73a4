import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { base64url, UnsecuredJWT } from 'jose';
import { createApiKey } from '../../src/access/key-file.ts';
import type { Gate } from '../../src/serving/gate.ts';
import type { Role } from '../../src/serving/service.ts';
import { openProvider, token } from './provider.ts';
import { BY, FAR, OFF_LOOPBACK, gateOf, keptLog, newFolder, newHome, refusedAs } from './sample.ts';

type Provider = Awaited<ReturnType<typeof openProvider>>;

describe('tokens of an OpenID provider', () => {
  const opened: Provider[] = [];
  const provider = async () => {
    const made = await openProvider();
    opened.push(made);
    return made;
  };
  after(() => Promise.all(opened.map((each) => each.close())));

  const gateFor = async ({ issuer }: Provider, more: object = {}, others: object = {}, log = keptLog().log) =>
    gateOf(
      await newHome(),
      { ...OFF_LOOPBACK, oidc: { issuer, audience: 'ringwatt', ...more }, ...others },
      log,
    );
  const admit = (gate: Gate, bearer: string, needed: Role = 'viewer') =>
    gate.admit({ ...FAR, authorization: `Bearer ${bearer}` }, needed);

  it('let in whom they name, by the highest of their roles, over discovery and keys on HTTP', async () => {
    const own = await provider();
    const gate = await gateFor(own);
    for (const [alg, kid] of [
      ['ES256', 'one'],
      ['RS256', 'two'],
      ['EdDSA', 'three'],
    ] as const) {
      // prettier-ignore
      const key = await own.newKey(kid, alg);
      const claims = { roles: ['reader', 'viewer', 'operator'] };
      // Keys that came while the cache was cooling down are found by a gate that has not asked yet.
      const fresh = await gateFor(own);
      const caller = await admit(
        fresh,
        await token({ key, kid, alg, issuer: own.issuer, claims }),
        'operator',
      );
      assert.deepEqual(caller, { name: 'alice', role: 'operator', identity: 'authenticated' });
    }
    await assert.rejects(gate.admit(FAR, 'viewer'), refusedAs('UNAUTHENTICATED', /token in the header/));
  });

  it('are refused where anything of them is not as it must be, and the reason quotes nothing of them', async () => {
    const own = await provider();
    const { issuer } = own;
    const key = await own.newKey('one');
    const gate = await gateFor(own, {}, { failuresPerMinute: 1000 });
    const stranger = await (await provider()).newKey('one');
    const publicPart = new TextEncoder().encode(JSON.stringify(own.state.keys[0]));
    const good = await token({ key, issuer });
    const [head, body, signature] = good.split('.') as [string, string, string];
    const raised = base64url.encode(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), roles: ['admin'] })); // prettier-ignore
    const unsigned = new UnsecuredJWT({ roles: ['admin'] }).setIssuer(issuer).setAudience('ringwatt').setSubject('a').setExpirationTime('5m').encode(); // prettier-ignore
    const cases: [string, string, RegExp][] = [
      ['another issuer', await token({ key, issuer: 'https://evil.example' }), /claim iss/],
      ['an issuer with a slash more', await token({ key, issuer: `${issuer}/` }), /claim iss/],
      ['another audience', await token({ key, issuer, audience: 'mail' }), /claim aud/],
      ['over', await token({ key, issuer, expires: -31 }), /expired/],
      ['without end', await token({ key, issuer, expires: undefined }), /claim exp/],
      ['not yet good', await token({ key, issuer, notBefore: 60 }), /claim nbf/],
      ['an empty subject', await token({ key, issuer, subject: '' }), /no subject/],
      ['a stranger’s key', await token({ key: stranger, issuer }), /not signed by a key of its issuer/],
      ['an unknown key', await token({ key: stranger, kid: 'nine', issuer }), /not signed by a key/],
      ['signed with the public key', await token({ key: publicPart, alg: 'HS256', issuer }), /algorithm/],
      ['not signed', unsigned, /algorithm|no token/],
      ['with more roles than were signed', `${head}.${raised}.${signature}`, /not signed by a key/],
      ['without its signature', `${head}.${body}.`, /not signed|no token/],
      ['cut', good.slice(0, 40), /no token/],
      ['huge', `${head}.${'A'.repeat(20_000)}.${signature}`, /too long/],
      ['no token at all', 'hello', /no token/],
    ];
    for (const [name, bearer, says] of cases) {
      await assert.rejects(admit(gate, bearer), (error: Error) => {
        assert.ok(refusedAs('UNAUTHENTICATED', says)(error), `${name}: ${error.message}`);
        assert.ok(!error.message.includes('evil') && !error.message.includes(signature), error.message);
        return true;
      });
    }
    await admit(gate, await token({ key, issuer, expires: -20 }));
    await admit(gate, good);
  });

  it('have roles by a claim inside others, by names of the provider, or none', async () => {
    const own = await provider();
    const { issuer } = own;
    const key = await own.newKey('one');
    const rolesFile = join(await newFolder(), 'roles.json');
    await writeFile(rolesFile, '{"grid-ops": "approver"}');
    const gate = await gateFor(own, { roleClaim: 'realm_access.roles', rolesFile });
    const claims = { realm_access: { roles: ['grid-ops', 'admin'] } };
    assert.equal((await admit(gate, await token({ key, issuer, claims }))).role, 'approver');
    for (const found of [['admin'], 'constructor', { 'grid-ops': true }, undefined]) {
      const bearer = await token({ key, issuer, claims: { realm_access: { roles: found } } });
      await assert.rejects(
        admit(gate, bearer),
        refusedAs('PERMISSION_DENIED', /realm_access\.roles holds no role/),
      );
    }
    const plain = await gateFor(own, { roleClaim: 'https://ringwatt/role' });
    const named = await token({ key, issuer, claims: { 'https://ringwatt/role': 'admin' } });
    assert.equal((await admit(plain, named, 'admin')).role, 'admin');
  });

  it('wait with 503 while the provider is down, open nothing, and are taken when it is back', async () => {
    const own = await provider();
    const key = await own.newKey('one');
    const { lines, log } = keptLog();
    const home = await newHome();
    const apiKey = await createApiKey(home, { name: 'desk', role: 'viewer' }, BY);
    const options = { ...OFF_LOOPBACK, oidc: { issuer: own.issuer, audience: 'ringwatt' } };
    const bearer = await token({ key, issuer: own.issuer });
    for (const status of [500, 404]) {
      own.state.status = status;
      const gate = await gateOf(home, options, log);
      await assert.rejects(admit(gate, bearer), refusedAs('UNAVAILABLE', /issuer/));
      const before = own.state.discovered;
      if (status === 500) {
        await assert.rejects(admit(gate, bearer), refusedAs('UNAVAILABLE', /issuer/));
        assert.equal(own.state.discovered, before, 'a provider that is down is left alone for a moment');
      }
      await gate.admit({ ...FAR, apiKey: apiKey.key }, 'viewer');
    }
    assert.ok(
      lines.some((line) => line.includes('openid-configuration')) && !lines.join('').includes(bearer),
    );
    const dead = await gateFor({ ...own, issuer: 'http://127.0.0.1:1' });
    const foreign = await token({ key, issuer: 'http://127.0.0.1:1' });
    await assert.rejects(admit(dead, foreign), refusedAs('UNAVAILABLE', /does not answer/));

    own.state.status = 200;
    const gate = await gateOf(home, options);
    await admit(gate, bearer);
    // What was learnt lasts: neither the token nor the keys are asked for again.
    own.state.status = 500;
    await admit(gate, bearer);
    await admit(gate, await token({ key, issuer: own.issuer, subject: 'bob' }));
    assert.equal(own.state.asked, 1);
  });

  it('are of an issuer that its own discovery document names, at keys on https or this machine', async () => {
    const own = await provider();
    const key = await own.newKey('one');
    const gate = await gateFor(own);
    own.state.issuer = 'https://somebody.example';
    const bearer = await token({ key, issuer: own.issuer });
    await assert.rejects(admit(gate, bearer), refusedAs('UNAVAILABLE', /discovery/));
    await assert.rejects(gateFor({ ...own, issuer: 'http://login.example' }), /is not https/);
    await assert.rejects(gateFor(own, { jwks: 'http://keys.example/jwks' }), /is not https/);
  });

  it('are checked by keys of a file or an address that is given; a file is read again when it changes', async () => {
    const own = await provider();
    const { issuer } = own;
    const first = await own.newKey('one');
    const byAddress = await gateFor(own, { jwks: `${issuer}/keys` });
    await admit(byAddress, await token({ key: first, issuer }));
    assert.equal(own.state.discovered, 0);

    const jwks = join(await newFolder(), 'jwks.json');
    await writeFile(jwks, JSON.stringify({ keys: own.state.keys }), { mode: 0o600 });
    const byFile = await gateFor(own, { jwks });
    await admit(byFile, await token({ key: first, issuer }));
    own.state.keys = [];
    const second = await own.newKey('two');
    await writeFile(jwks, JSON.stringify({ keys: own.state.keys }));
    await admit(byFile, await token({ key: second, kid: 'two', issuer }));
    await assert.rejects(
      admit(byFile, await token({ key: first, issuer, subject: 'bob' })),
      refusedAs('UNAUTHENTICATED', /not signed by a key/),
    );
    await writeFile(jwks, '{"keys": 1}');
    await assert.rejects(
      admit(byFile, await token({ key: second, kid: 'two', issuer, subject: 'carol' })),
      refusedAs('UNAVAILABLE', /cannot be read/),
    );
  });

  it('that are wrong too often are not even checked for a while, those known before still are', async () => {
    const own = await provider();
    const { issuer } = own;
    const key = await own.newKey('one');
    const gate = await gateFor(own, {}, { failuresPerMinute: 2 });
    const good = await token({ key, issuer });
    await admit(gate, good);
    for (let i = 0; i < 2; i++)
      await assert.rejects(admit(gate, `a.b.${i}`), refusedAs('UNAUTHENTICATED', /no token/));
    const unseen = await token({ key, issuer, subject: 'bob' });
    await assert.rejects(admit(gate, unseen), refusedAs('RESOURCE_EXHAUSTED', /wrong keys or tokens/));
    await admit(gate, good);
  });
});
