import { readdir } from 'node:fs/promises';
import type { ArtifactReference } from '../contracts/artifact.ts';
import { MODEL_NAME_RULE, modelName } from '../contracts/stages.ts';
import { BadInputError, MissingDataError, quoted } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import type { VersionRecord } from './version-record.ts';

/** Where a model's things lie in the home. */
export const modelFolder = (name: string) => `models/${requireModelName(name)}`;
export const versionFolder = (name: string, version: number) => `${modelFolder(name)}/${version}`;
export const versionUri = (name: string, version: number) => `${versionFolder(name, version)}/version.json`;
export const championUri = (name: string) => `${modelFolder(name)}/champion.json`;
export const canaryUri = (name: string) => `${modelFolder(name)}/canary.json`;
export const historyUri = (name: string) => `${modelFolder(name)}/history.jsonl`;

/** A version's own copy of what has a role in it; undefined where nothing has. */
export function versionFile(
  { name, version, files }: Pick<VersionRecord, 'name' | 'version' | 'files'>,
  role: string,
): ArtifactReference | undefined {
  const found = files.find((file) => file.role === role);
  if (!found) return undefined;
  const { file, sha256, bytes } = found;
  return { uri: `${versionFolder(name, version)}/${file}`, sha256, bytes };
}

/** Before the names of the files that a version has of its forecaster, beside those of its training. */
export const FORECASTER_PREFIX = 'forecaster-';

/** The version numbers a model has, ascending; none when there is no such model. */
export async function versionNumbers(home: Home, name: string): Promise<number[]> {
  const entries = await entriesOf(home.path(modelFolder(name)));
  return entries
    .filter((entry) => /^[1-9]\d*$/.test(entry))
    .map(Number)
    .sort((a, b) => a - b);
}

export async function modelNames(home: Home): Promise<string[]> {
  const entries = await entriesOf(home.path('models'));
  return entries.filter((entry) => modelName.safeParse(entry).success).sort();
}

/** Of a name that is none of `names`, the models that there are. */
export const noSuchModel = (name: string, names: readonly string[], Kind = MissingDataError) =>
  new Kind(
    `There is no model ${name}.`,
    names.length > 0
      ? `There are: ${names.join(', ')}.`
      : `None is registered yet: \`run --model ${name}\` makes one.`,
  );

async function entriesOf(path: string): Promise<string[]> {
  return readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

/** A name is a folder of the home and part of a workflow's id: whatever else stands in it is refused. */
export function requireModelName(name: string): string {
  if (modelName.safeParse(name).success) return name;
  throw new BadInputError(`${quoted(name)} is not a model's name.`, `Use ${MODEL_NAME_RULE}.`);
}
