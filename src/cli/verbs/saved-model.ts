import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BadInputError, MissingDataError } from '../../errors.ts';
import type { Signature, SignaturePort } from '../../export/signatures.ts';
import { defineVerb } from '../flags.ts';
import { perform, type Answer } from '../session.ts';

interface Options {
  signature: string;
  inputs?: string;
  output?: string;
}

export function defineSavedModel(program: Command): void {
  defineVerb(
    program,
    'saved-model <folder>',
    "Show what a SavedModel takes and answers, whoever wrote it; with --inputs have TensorFlow's own library answer.",
    [
      'saved-model /srv/models/day-ahead/3',
      'saved-model /srv/models/day-ahead/3 --inputs questions.safetensors --output answers.safetensors',
    ],
  )
    .option('--signature <name>', 'which of its signatures', 'serving_default')
    .option('--inputs <file>', 'safetensors by the names of the inputs; needs what `setup tensorflow` builds')
    .option('--output <file>', 'where the answers go, as safetensors; it must not be there yet')
    .action(
      perform<Options>(async (session, { signature, inputs, output }, [folder = '']) => {
        if ((inputs === undefined) !== (output === undefined)) {
          throw new BadInputError('--inputs and --output belong together.', 'Give both, or neither.');
        }
        if (inputs === undefined || output === undefined) return shown(resolve(folder));
        const place = await import('../../export/place.ts');
        const path = resolve(output);
        await place.requireFree(path);
        const { readSafetensors, encodeSafetensors } = await import('../../lake/safetensors.ts');
        const given = Object.fromEntries(readSafetensors(await bytesOf(inputs), inputs));
        const { loadSavedModel } = await import('../../export/saved-model-runner.ts');
        const threads = session.config.threads ?? 1;
        using model = await loadSavedModel(resolve(folder), { signature, threads });
        const answers = await model.run(given);
        await place.place(path, encodeSafetensors(answers));
        const shapes = Object.fromEntries(Object.entries(answers).map(([name, { shape }]) => [name, shape]));
        const lines = Object.entries(shapes).map(([name, shape]) => `${name}  [${shape.join(', ')}]`);
        return { json: { outputs: shapes, path }, text: [...lines, `answers  ${path}`] };
      }),
    );
}

async function shown(folder: string): Promise<Answer> {
  const { readSignatures } = await import('../../export/signatures.ts');
  const signatures = await readSignatures(folder);
  return {
    json: { signatures: Object.fromEntries(signatures) },
    text: [...signatures].flatMap(([name, signature]) => [name, ...linesOf(signature)]),
  };
}

function linesOf({ inputs, outputs }: Signature): string[] {
  const line = (what: string) => (port: SignaturePort) =>
    `  ${what}  ${port.name}  ${port.dtype} ${port.shape ? `[${port.shape.join(', ')}]` : 'of any shape'}`;
  return [...inputs.map(line('takes  ')), ...outputs.map(line('answers'))];
}

function bytesOf(file: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new MissingDataError(`${file} cannot be read: ${error.message}.`, 'Give a safetensors file.');
  });
}
