import { readdir } from 'node:fs/promises';
import { z } from 'zod';
import {
  abTestRecord,
  durationHours,
  type ABChangeInput,
  type ABStartInput,
  type ABTestRecord,
  type TestedVersion,
} from '../contracts/ab-test.ts';
import type { ChampionRecord } from '../contracts/lifecycle.ts';
import { modelName } from '../contracts/stages.ts';
import { BadInputError, CorruptArtifactError, InUseError, MissingDataError } from '../errors.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { canonicalJson } from '../lake/canonical.ts';
import { withLock } from '../lake/file-lock.ts';
import type { Home } from '../lake/home.ts';
import { unlessGone } from '../lake/storage-failure.ts';
import { readDocument } from '../lake/text-file.ts';
import { readChampion } from '../registry/champion.ts';
import { modelFolder, modelNames, noSuchModel } from '../registry/layout.ts';
import { withModelLock } from '../registry/lock.ts';
import { readVersion } from '../registry/versions.ts';

const FOLDER = 'ab-tests';

/** `ab-tests/<name>/…`; a name is a folder of the home and part of a workflow's id. */
export function testUri(name: string, file: string): string {
  if (modelName.safeParse(name).success) return `${FOLDER}/${name}/${file}`;
  throw new BadInputError(
    `${JSON.stringify(name.slice(0, 60))} is not a test's name.`,
    '`ab list` has them.',
  );
}

export const recordUri = (name: string) => testUri(name, 'test.json');
/** Which test was started last on the forecasts of a model. */
export const pointerUri = (model: string) => `${modelFolder(model)}/ab-test.json`;
const pointer = z.strictObject({ test: modelName });

export const readTest = (home: Home, name: string): Promise<ABTestRecord | null> =>
  readJson(home, recordUri(name), abTestRecord);

export async function requireTest(home: Home, name: string): Promise<ABTestRecord> {
  const record = await readTest(home, name);
  if (record) return record;
  throw new MissingDataError(`There is no A/B test ${name}.`, '`ab list` has them; `ab start` begins one.');
}

/** Newest first. */
export async function listTests(home: Home): Promise<ABTestRecord[]> {
  const folder = home.path(FOLDER);
  const names = await readdir(folder).catch(unlessGone<string[]>(folder, []));
  const records = await Promise.all(
    names.filter((name) => modelName.safeParse(name).success).map((name) => readTest(home, name)),
  );
  return records.filter((record) => record !== null).sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
}

/**
 * The test that answers the forecasts of this champion's model. It does so only beside the champion that it was started
 * beside: whoever promotes another one, or rolls back, ends it at once, before anybody has seen to the test.
 */
export async function runningTest(home: Home, champion: ChampionRecord): Promise<ABTestRecord | null> {
  const pointed = await readJson(home, pointerUri(champion.name), pointer);
  const record = pointed && (await readTest(home, pointed.test));
  if (!record || record.ending || record.championGeneration !== champion.generation) return null;
  return record.control.name === champion.name ? record : null;
}

/** Why a test that has not ended answers no longer; null while it does, or where nobody asked it to. */
export async function interruption(home: Home, record: ABTestRecord): Promise<string | null> {
  const { championGeneration: generation, control } = record;
  if (generation === null || record.ending) return null;
  const champion = await readChampion({ home }, control);
  if (champion?.generation === generation) return null;
  return `Version ${champion?.version ?? 'none'} of ${control.name} became champion meanwhile, so the test answers no more forecasts.`;
}

/**
 * Fixes who is compared with whom, and lets the test answer. The same again answers what is there, so that a test whose
 * workflow was lost goes on where it stood.
 */
export async function startTest(home: Home, { config, by, at }: ABStartInput): Promise<ABTestRecord> {
  const control = await versionOf(home, config.control_model);
  const model = control.name;
  return withModelLock(home, model, async () => {
    const before = await readTest(home, config.test_name);
    if (before) return sameTest(before, config);
    const treatment = await versionOf(home, config.treatment_model);
    if (treatment.name === model && treatment.version === control.version) {
      throw new BadInputError(
        `Control and treatment are both version ${control.version} of ${model}.`,
        'Name another version, such as name@3; `models` lists them.',
      );
    }
    const champion = await readChampion({ home }, { name: model });
    const answers = champion?.version === control.version ? champion : null;
    const other = answers && (await runningTest(home, answers));
    if (other) {
      throw new InUseError(
        `The A/B test ${other.config.test_name} answers the forecasts of ${model} already.`,
        `Wait until it ends, or \`ab stop ${other.config.test_name}\`.`,
      );
    }
    const record: ABTestRecord = {
      ...{ formatVersion: 1, config, control, treatment },
      championGeneration: answers?.generation ?? null,
      ...{ startedAt: at, startedBy: by, ending: null },
      endsAt: new Date(Date.parse(at) + durationHours(config.max_duration) * 3_600_000).toISOString(),
    };
    await write(home, record);
    if (answers) {
      await writeFileAtomic(home.path(pointerUri(model)), `${canonicalJson({ test: config.test_name })}\n`);
    }
    return record;
  });
}

/** Puts its end off, or ends it. What has ended stays as it ended. */
export async function changeTest(home: Home, { name, endsAt, ending }: ABChangeInput): Promise<ABTestRecord> {
  return withLock(home.path(testUri(name, '.changes')), `the A/B test ${name}`, async () => {
    const record = await requireTest(home, name);
    if (record.ending) return record;
    const changed = { ...record, endsAt: endsAt ?? record.endsAt, ending: ending ?? null };
    await write(home, changed);
    return changed;
  });
}

function sameTest(before: ABTestRecord, config: ABStartInput['config']): ABTestRecord {
  const name = config.test_name;
  if (before.ending) {
    throw new BadInputError(
      `The A/B test ${name} has ended: ${before.ending.says}`,
      'A name deals users and is used once: choose another.',
    );
  }
  if (canonicalJson(before.config) === canonicalJson(config)) return before;
  throw new InUseError(
    `The A/B test ${name} runs already, and was asked for something else.`,
    'Choose another name, or end that one.',
  );
}

/** `name` is the champion of now. */
async function versionOf(home: Home, model: string): Promise<TestedVersion> {
  const [name = '', number] = model.split('@');
  const version = number === undefined ? (await readChampion({ home }, { name }))?.version : Number(number);
  if (version === undefined) {
    const names = await modelNames(home);
    if (!names.includes(name)) throw noSuchModel(name, names);
    throw new MissingDataError(`The model ${name} has no champion.`, `Name a version, such as ${name}@1.`);
  }
  const { sha256 } = await readVersion({ home }, { name, version });
  return { name, version, sha256 };
}

const write = (home: Home, record: ABTestRecord) =>
  writeFileAtomic(home.path(recordUri(record.config.test_name)), `${canonicalJson(record)}\n`);

const readJson = async <Schema extends z.ZodType>(home: Home, uri: string, schema: Schema) =>
  (await readDocument(home, uri, schema, (what) => damaged(uri, what))) ?? null;

const damaged = (uri: string, what: string) =>
  new CorruptArtifactError(
    `${uri} is not what an A/B test writes: ${what}.`,
    'Restore it from a backup, or delete it: then the test answers no forecasts.',
  );
