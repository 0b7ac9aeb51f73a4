import { readFile } from 'node:fs/promises';
import { MissingDataError } from '../../errors.ts';
import type { ModelConfig } from '../model-config.ts';
import { modelConfigs } from './model-configs.ts';
import { MODEL_SERVER_CONFIG } from './schema.ts';
import { parseText } from './text-format.ts';

/**
 * A model-config file, as TensorFlow Serving's `--model_config_file` takes it.
 * @throws MissingDataError where there is no such file
 * @throws BadInputError with the line that is wrong
 */
export async function readModelConfigFile(path: string): Promise<ModelConfig[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new MissingDataError(`There is no model-config file ${path}.`, 'Give the path of one.');
  });
  return parseModelConfig(text, path);
}

/** @throws BadInputError with the line that is wrong */
export const parseModelConfig = (text: string, path: string): ModelConfig[] =>
  modelConfigs(parseText(text, MODEL_SERVER_CONFIG, path), path);
