import assert from 'node:assert/strict';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { CorruptArtifactError, RingwattError, UntrustedError } from '../../src/errors.ts';
import { readManifest, verifiedPath } from '../../src/lake/artifacts.ts';
import { canonicalJson, sha256 } from '../../src/lake/canonical.ts';
import { versionUri } from '../../src/registry/layout.ts';
import { listModels, readVersion, registerModel, writeChampion } from '../../src/registry/stage.ts';
import { signatureText } from '../../src/registry/signing.ts';
import type { Home } from '../../src/lake/home.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { withHome } from '../backtest/sample-home.ts';
import { rescored, scoredSample } from './scored-sample.ts';

const NAME = 'day-ahead';
const CURE =
  'Restore that file from a backup, or put another version in charge with `promote` or `rollback`.';

async function registered(context: StageContext) {
  const sample = await scoredSample(context);
  const { model, backtest } = sample;
  const made = await registerModel(context, { name: NAME, model, backtest });
  return { sample, made, path: context.home.path(versionUri(NAME, made.version)) };
}

/** Puts other text in a file's place, which must have been there. */
async function change(path: string, what: string, instead: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  assert.ok(text.includes(what), what);
  await writeFile(path, text.replace(what, instead));
}

/** As versions were written before they had a hash of their own. */
async function asBefore(home: Home, path: string): Promise<string> {
  const { recordSha256, ...record } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  assert.ok(recordSha256);
  const text = `${canonicalJson({ ...record, formatVersion: 1 })}\n`;
  await writeFile(path, text);
  await writeFile(path.replace('version.json', 'signature.json'), await signatureText(home, text));
  return sha256(text);
}

const damaged =
  (cure = CURE) =>
  (error: RingwattError) =>
    error instanceof CorruptArtifactError && /version\.json/.test(error.message) && error.cure === cure;

describe('a damaged version', () => {
  it('shows by a single byte of its record', () =>
    withHome(async (context) => {
      const { made, path } = await registered(context);
      const whole = await readFile(path, 'utf8');
      const [, year] = /"createdAt":"(\d{4})/.exec(whole)!;
      const changes: [string, string][] = [
        [`"createdAt":"${year}`, '"createdAt":"1999'],
        ['"sequenceLength":504', '"sequenceLength":505'],
        ['"formatVersion":2', '"formatVersion":1'],
        ['"recordSha256":', '"recordSha255":'],
        ['{"createdAt', '{ "createdAt'],
      ];
      for (const [what, instead] of changes) {
        await change(path, what, instead);
        await assert.rejects(readVersion(context, made), damaged(), instead);
        await writeFile(path, whole);
        await readVersion(context, made);
      }
    }));

  it('of before records had a hash loads, and is held against the one that its champion’s record names', () =>
    withHome(async (context) => {
      const { made, path } = await registered(context);
      const old = { ...made, sha256: await asBefore(context.home, path) };
      assert.equal((await readVersion(context, old)).record.formatVersion, 1);
      const crowned = { generation: 1, since: '2026-01-01T00:00:00Z', previous: [] };
      const champion = { name: NAME, version: made.version, sha256: old.sha256, ...crowned };
      await writeChampion(context, champion);
      await change(path, '"sequenceLength":504', '"sequenceLength":505');
      await assert.rejects(readVersion(context, { name: NAME, version: made.version }), UntrustedError);
      await assert.rejects(readVersion(context, champion), damaged());
    }));

  it('neither hides the others nor keeps a new one from being registered', () =>
    withHome(async (context) => {
      const { sample, path } = await registered(context);
      const { model } = sample;
      const other = await rescored(context, sample, 'second');
      await registerModel(context, { name: NAME, model, backtest: other });
      await writeFile(path, '{');
      const [listing] = await listModels(context);
      const [first, second] = listing!.versions;
      assert.match(first!.damaged!, /1\/version\.json is not a version's record: it is not JSON\. Restore/);
      assert.deepEqual([second!.version, second!.damaged], [2, null]);
      const again = await registerModel(context, { name: NAME, model, backtest: other });
      assert.deepEqual([again.version, again.reused], [2, true]);
      const anew = await registerModel(context, { name: NAME, model, backtest: sample.backtest });
      assert.deepEqual([anew.version, anew.reused], [3, false]);
    }));

  it('is restored or replaced, not made again by a stage', () =>
    withHome(async (context) => {
      const { made } = await registered(context);
      const { model } = await readVersion(context, made);
      const { files } = await readManifest(context.home, model);
      const weights = files.find(({ role }) => role === 'weights')!;
      await appendFile(context.home.path(weights.uri), 'x');
      const cured = (error: RingwattError) => error.cure === CURE;
      await assert.rejects(readVersion(context, made), cured);
      await rm(context.home.path(weights.uri));
      await assert.rejects(verifiedPath(context.home, weights), cured);
      await appendFile(context.home.path(model.uri), 'x');
      await assert.rejects(readManifest(context.home, model), cured);
    }));
});
