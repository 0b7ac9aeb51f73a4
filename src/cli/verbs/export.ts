import { Option, type Command } from 'commander';
import { resolve } from 'node:path';
import { BadInputError, quoted } from '../../errors.ts';
import { FORMATS, type ExportFormat } from '../../export/formats.ts';
import { defineVerb } from '../flags.ts';
import { checkModelName } from '../input.ts';
import { requireRegistered } from '../registered-models.ts';
import { perform } from '../session.ts';

interface Options {
  format: ExportFormat;
  output: string;
  compress?: boolean;
}

export function defineExport(program: Command): void {
  defineVerb(
    program,
    'export <name> [version]',
    "Write a version's network for TensorFlow, ONNX or any reader of safetensors (default: the champion's).",
    [
      'export day-ahead --format onnx --output day-ahead.onnx',
      'export day-ahead 3 --format savedmodel --output /srv/models/day-ahead/3',
      'export day-ahead --format safetensors --output weights.safetensors --compress',
    ],
  )
    .addOption(new Option('--format <format>', 'of what is written').choices(FORMATS).makeOptionMandatory())
    .requiredOption('--output <path>', 'a file, or of a SavedModel a folder; it must not be there yet')
    .option('--compress', 'as one .gz, or of a SavedModel .zip')
    .action(
      perform<Options>(async (session, { format, output, compress = false }, [given = '', version]) => {
        const name = checkModelName(given)!;
        await requireRegistered(session, name);
        const { exportNetwork } = await import('../../export/export.ts');
        const asked = { name, version: versionNumber(version), format, output: resolve(output), compress };
        const exported = await exportNetwork(await session.home(), asked);
        const { description, path, bytes } = exported;
        const names = (ports: readonly { name: string }[]) => ports.map((port) => port.name).join(', ');
        return {
          json: exported,
          text: [
            `${name} version ${description.version} as ${format}, ${(bytes / 1e6).toFixed(2)} MB: ${path}`,
            `inputs   ${names(description.inputs)}`,
            `outputs  ${names(description.outputs)}`,
          ],
        };
      }),
    );
}

function versionNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new BadInputError(`${quoted(text)} is not a version.`, 'Give its number; `models` lists them.');
}
