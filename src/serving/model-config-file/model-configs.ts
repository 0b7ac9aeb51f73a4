import { isAbsolute } from 'node:path';
import { MODEL_NAME_RULE, modelName } from '../../contracts/stages.ts';
import { BadInputError, quoted } from '../../errors.ts';
import type { ModelConfig, VersionPolicy } from '../model-config.ts';
import type { ModelConfigMessage, ModelServerConfigMessage, VersionPolicyMessage } from './message.ts';
import { REFUSED } from './schema.ts';

/** Of a SavedModel in folders, and of a registered model of this home. */
const PLATFORMS = ['tensorflow', 'ringwatt'] as const;
type Platform = (typeof PLATFORMS)[number];

/**
 * What TensorFlow Serving's `ModelServerConfig` asks for. Without a policy: the latest version of a folder, as there,
 * and of a registered model what the registry has answering.
 *
 * @param where named in errors, such as the file
 * @throws BadInputError
 */
export function modelConfigs(message: ModelServerConfigMessage, where: string): ModelConfig[] {
  if (isGiven(message.custom_model_config)) {
    throw new BadInputError(`${where}: custom_model_config is not taken.`, REFUSED.custom_model_config);
  }
  if (!message.model_config_list) {
    throw new BadInputError(
      `${where}: there is no model_config_list.`,
      'Write model_config_list { config { … } }.',
    );
  }
  const configs = (message.model_config_list.config ?? []).map((config) => modelConfig(config, where));
  const names = new Set<string>();
  for (const { name } of configs) {
    if (names.has(name)) {
      throw new BadInputError(
        `${where}: Illegal to list model ${quoted(name)} multiple times in config list.`,
        'Keep one of them, or give the other another name.',
      );
    }
    names.add(name);
  }
  return configs;
}

function modelConfig(message: ModelConfigMessage, where: string): ModelConfig {
  const { name = '', model_platform: platform = '', base_path: path = '' } = message;
  if (!isName(name)) {
    throw new BadInputError(
      `${where}: a config has ${name === '' ? 'no name' : `the name ${quoted(name)}`}.`,
      'Give it the name that clients ask for: at most 200 letters, none of them a control letter.',
    );
  }
  const of = `${where}: model ${quoted(name)}`;
  if (isGiven(message.logging_config)) {
    throw new BadInputError(`${of}: logging_config is not taken.`, REFUSED.logging_config);
  }
  if (isGiven(message.model_type) && !isUnspecified(message.model_type)) {
    throw new BadInputError(`${of}: model_type is not taken.`, REFUSED.model_type);
  }
  if (!isPlatform(platform)) {
    throw new BadInputError(
      `${of} has ${platform === '' ? 'no model_platform' : `the model_platform ${quoted(platform)}`}.`,
      'Say "tensorflow" for a SavedModel, "ringwatt" for a registered model.',
    );
  }
  if (platform === 'tensorflow' && !isAbsolute(path)) {
    throw new BadInputError(
      `${of}: Expected an absolute path; got base_path ${quoted(path)}.`,
      'Give the folder, of this machine, in which the versions lie in folders named by their numbers.',
    );
  }
  if (platform === 'ringwatt' && !modelName.safeParse(path || name).success) {
    throw new BadInputError(
      `${of}: ${quoted(path || name)} is no name of a registered model.`,
      `Give it as base_path, or as name: ${MODEL_NAME_RULE}.`,
    );
  }
  const labels = message.version_labels ?? {};
  return {
    name,
    source: platform === 'tensorflow' ? { kind: 'folder', path } : { kind: 'registry', model: path || name },
    policy: versionPolicy(message.model_version_policy, platform, of),
    ...(Object.keys(labels).length > 0 && { labels: versionLabels(labels, of) }),
  };
}

function versionPolicy(
  message: VersionPolicyMessage | null | undefined,
  platform: Platform,
  of: string,
): VersionPolicy {
  // As there, none and zero are one.
  if (message?.latest) return { kind: 'latest', count: Math.max(1, message.latest.num_versions ?? 1) };
  if (message?.all) return { kind: 'all' };
  if (message?.specific) {
    const versions = message.specific.versions ?? [];
    if (versions.length > 0 && versions.every(isVersion)) return { kind: 'specific', versions };
    throw new BadInputError(
      `${of}: specific names ${versions.length === 0 ? 'no version' : 'a version that is none'}.`,
      'Write specific { versions: 1 versions: 2 }.',
    );
  }
  return platform === 'tensorflow' ? { kind: 'latest', count: 1 } : { kind: 'answering' };
}

function versionLabels(labels: Readonly<Record<string, number>>, of: string): ReadonlyMap<string, number> {
  for (const [label, version] of Object.entries(labels)) {
    if (isName(label) && isVersion(version)) continue;
    throw new BadInputError(
      `${of}: the label ${quoted(label)} leads to ${quoted(String(version))}.`,
      'A label has a name and leads to a version.',
    );
  }
  return new Map(Object.entries(labels));
}

const LONGEST_NAME = 200;
const isName = (name: string) => name !== '' && name.length <= LONGEST_NAME && !/\p{Cc}/u.test(name);
const isVersion = (version: number) => Number.isSafeInteger(version) && version >= 0;
const isGiven = (value: unknown) => value !== undefined && value !== null;
const isUnspecified = (type: unknown) => type === 0 || type === 'MODEL_TYPE_UNSPECIFIED';
const isPlatform = (name: string): name is Platform => (PLATFORMS as readonly string[]).includes(name);
