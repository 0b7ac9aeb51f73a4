import { Option, type Command } from 'commander';
import { compressionSettings, type CompressionSettings } from '../../contracts/compression.ts';
import { BadInputError, describeIssues } from '../../errors.ts';
import { versionNumber } from '../claim.ts';
import { compressionLines, comparisonTable } from '../compression-view.ts';
import { decimal, defineVerb, integer } from '../flags.ts';
import { checkModelName } from '../input.ts';
import { requireRegistered } from '../registered-models.ts';
import { perform } from '../session.ts';

const METHODS = ['quantise', 'prune', 'distil'] as const;
const MOST_LOSS = 0.02;

interface Options {
  method: (typeof METHODS)[number];
  sparsity?: number;
  layers?: number;
  width?: number;
  steps?: number;
  seed?: number;
  mostLoss: number;
}

export function defineCompress(program: Command): void {
  defineVerb(
    program,
    'compress <name> [version]',
    "Make a new version with a smaller network of a version's (default: the champion's), if it forecasts as well.",
    [
      'compress day-ahead --method quantise',
      'compress day-ahead 3 --method prune --sparsity 0.6 --steps 100',
      'compress day-ahead 3 --method distil --layers 1 --width 32 --most-loss 0.01',
    ],
  )
    .addOption(
      new Option(
        '--method <method>',
        'int8 weights, zeros for small ones, or a smaller network that is taught',
      )
        .choices(METHODS)
        .makeOptionMandatory(),
    )
    .option('--sparsity <share>', 'prune: of each matrix, the smallest weights (default: 0.5)', decimal)
    .option('--layers <count>', 'distil: of the smaller network (default: half as many)', integer)
    .option('--width <width>', 'distil: of the smaller network (default: as wide)', integer)
    .option(
      '--steps <count>',
      'distil: steps it is taught (default: 400); prune: the same (default: 0)',
      integer,
    )
    .option('--seed <number>', 'of what is taught (default: 1)', integer)
    .option(
      '--most-loss <share>',
      'by which errors on the validation issues may grow, or nothing is registered',
      decimal,
      MOST_LOSS,
    )
    .action(
      perform<Options>(async (session, { mostLoss, ...given }, [name = '', version]) => {
        const model = checkModelName(name)!;
        const settings = settingsOf(given);
        if (!(mostLoss >= 0)) throw new BadInputError('--most-loss is a share of 0 or more.', 'Give 0.02.');
        await requireRegistered(session, model);
        const { compress } = await import('../../compression/compress.ts');
        const { CompressionRefusedError } = await import('../../compression/gate.ts');
        const context = await session.stageContext();
        const number = version === undefined ? undefined : versionNumber(version);
        const asked = { name: model, version: number, settings, mostLoss };
        const done = await compress(context, asked).catch((error: unknown) => {
          if (error instanceof CompressionRefusedError) session.say(comparisonTable(error.comparisons));
          throw error;
        });
        return { json: done, text: compressionLines(done) };
      }),
    );
}

/** The method's own, a flag of another refused. */
function settingsOf(given: Omit<Options, 'mostLoss'>): CompressionSettings {
  const parsed = compressionSettings.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new BadInputError(
    `\`compress --method ${given.method}\` cannot be done so: ${describeIssues(parsed.error.issues)}.`,
    'See --help.',
  );
}
