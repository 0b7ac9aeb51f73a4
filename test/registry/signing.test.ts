import assert from 'node:assert/strict';
import { appendFile, cp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AuditEntry } from '../../src/contracts/audit.ts';
import { BadInputError, CorruptArtifactError, MissingDataError, UntrustedError } from '../../src/errors.ts';
import type { Home } from '../../src/lake/home.ts';
import { signModel, trustKey } from '../../src/registry/sign-stage.ts';
import { readVersion, registerModel, writeChampion } from '../../src/registry/stage.ts';
import { homeKey } from '../../src/signing/home-key.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { linesOf } from '../audit/sample-audit.ts';
import { withHome } from '../backtest/sample-home.ts';
import { scoredSample } from './scored-sample.ts';

const NAMED = { name: 'day-ahead', version: 1 };
const FOLDER = 'models/day-ahead/1';
const BY = { by: 'ada', reason: 'read it' };

const withVersion = (act: (context: StageContext) => Promise<void>) =>
  withHome(async (context) => {
    const { model, backtest } = await scoredSample(context);
    await registerModel(context, { name: 'day-ahead', model, backtest });
    await act(context);
  });

const auditOf = async (home: Home) =>
  (await linesOf(home))
    .map((line) => JSON.parse(line) as AuditEntry)
    .map(({ what, who }) => `${what} by ${who}`);

describe('a signed version', () => {
  it('is signed when it is registered, and loads', () =>
    withVersion(async (context) => {
      await readVersion(context, NAMED);
      const { keyId } = JSON.parse(await readFile(context.home.path(`${FOLDER}/signature.json`), 'utf8'));
      assert.equal(keyId, (await homeKey(context.home)).keyId);
      assert.deepEqual(await auditOf(context.home), ['audit-began by ringwatt', 'signed by ringwatt']);
    }));

  it('without its signature is not loaded nor promoted until somebody vouches for it, which is told', () =>
    withVersion(async (context) => {
      const { home } = context;
      const { sha256 } = await readVersion(context, NAMED);
      await rm(home.path(`${FOLDER}/signature.json`));
      const refused = (error: UntrustedError) =>
        error instanceof UntrustedError &&
        /Version 1 of day-ahead is not signed/.test(error.message) &&
        /models sign day-ahead 1/.test(error.cure);
      await assert.rejects(readVersion(context, NAMED), refused);
      const champion = { ...NAMED, sha256, generation: 1, since: '2026', previous: [] };
      await assert.rejects(writeChampion(context, champion), refused);
      assert.equal((await signModel(home, { ...NAMED, ...BY })).signed, true);
      await readVersion(context, NAMED);
      assert.equal((await signModel(home, { ...NAMED, ...BY })).signed, false);
      assert.deepEqual((await auditOf(home)).slice(2), ['signed by ada']);
    }));

  it('shows a signature that was changed, or is of another record', () =>
    withVersion(async (context) => {
      const path = context.home.path(`${FOLDER}/signature.json`);
      const text = await readFile(path, 'utf8');
      const turned = text.replace(
        /"signature":"(.)/,
        (_, digit) => `"signature":"${digit === '0' ? '1' : '0'}`,
      );
      for (const changed of [turned, text.slice(0, 40), '{}']) {
        await writeFile(path, changed);
        await assert.rejects(readVersion(context, NAMED), UntrustedError, changed);
      }
      await writeFile(path, text);
      const record = context.home.path(`${FOLDER}/version.json`);
      await writeFile(
        record,
        (await readFile(record, 'utf8')).replace('"formatVersion":2', '"formatVersion":1'),
      );
      await assert.rejects(readVersion(context, NAMED), CorruptArtifactError);
    }));

  it('is not vouched for where a file of it is damaged, or where it is not there', () =>
    withVersion(async ({ home }) => {
      await rm(home.path(`${FOLDER}/signature.json`));
      await assert.rejects(signModel(home, { ...NAMED, version: 2, ...BY }), MissingDataError);
      await appendFile(home.path(`${FOLDER}/weights.safetensors`), 'x');
      await assert.rejects(signModel(home, { ...NAMED, ...BY }), CorruptArtifactError);
    }));

  it('of another home loads once its key is trusted, which is told', () =>
    withVersion(async ({ home: theirs }) => {
      await withHome(async (context) => {
        const { home } = context;
        await cp(theirs.path('models'), home.path('models'), { recursive: true });
        const key = await homeKey(theirs);
        await assert.rejects(
          readVersion(context, NAMED),
          (error: UntrustedError) => error.message.includes(key.keyId) && /models trust/.test(error.cure),
        );
        const text = await readFile(theirs.path('keys/home.pub.json'), 'utf8');
        await assert.rejects(
          trustKey(home, { text: '{}', from: 'their.json', ...BY }),
          /their\.json is no public key/,
        );
        await trustKey(home, { text, from: 'their.json', ...BY });
        await readVersion(context, NAMED);
        await assert.rejects(trustKey(home, { text, from: 'their.json', ...BY }), BadInputError);
        assert.deepEqual(await auditOf(home), ['audit-began by ringwatt', 'key-trusted by ada']);
        await rm(home.path(`keys/trusted/${key.keyId}.json`));
        await assert.rejects(readVersion(context, NAMED), UntrustedError);
      });
    }));

  it('goes on loading after the private key was lost', () =>
    withVersion(async (context) => {
      await rm(context.home.path('keys/home.key'));
      await readVersion(context, NAMED);
      await homeKey(context.home);
      await readVersion(context, NAMED);
    }));
});
