import type { Command } from 'commander';
import { BadInputError } from '../../errors.ts';
import { defineVerb } from '../flags.ts';
import { perform, type Answer, type Session } from '../session.ts';

interface SetupOptions {
  cuda?: boolean;
  python?: string;
}

export function defineSetup(program: Command): void {
  defineVerb(
    program,
    'setup [what]',
    'Bring what is not here yet: npm packages, the compiled kernels (where cargo is), the Temporal CLI. `setup tensorflow` builds the native TensorFlow for training, which nothing needs.',
    ['setup', 'setup tensorflow', 'setup tensorflow --cuda'],
  )
    .option('--cuda', "with tensorflow: with NVIDIA's libraries, for a GPU")
    .option('--python <path>', 'with tensorflow: an interpreter with pip (default: python3)')
    .action(
      perform<SetupOptions>(async (session, options, [what]) => {
        if (what === 'tensorflow') return setUpTensorflow(session, options);
        if (what !== undefined) {
          throw new BadInputError(`setup knows no "${what}".`, 'Say `setup`, or `setup tensorflow`.');
        }
        if (options.cuda || options.python !== undefined) {
          throw new BadInputError('--cuda and --python belong to `setup tensorflow`.', 'Leave them out.');
        }
        return setUpTemporal(session);
      }),
    );
}

async function setUpTemporal(session: Session): Promise<Answer> {
  if (session.config.temporalAddress !== undefined) {
    const address = session.config.temporalAddress;
    return {
      json: { temporalAddress: address },
      text: `the Temporal server at ${address} is used: nothing to bring`,
    };
  }
  const { findTemporalCli } = await import('../../stack/temporal-cli.ts');
  const cli = await findTemporalCli({ say: session.say });
  return { json: { temporalCli: cli }, text: `Temporal CLI: ${cli.path} (${cli.how})` };
}

async function setUpTensorflow(session: Session, { cuda, python }: SetupOptions): Promise<Answer> {
  const { buildTensorflow } = await import('../../tensorflow/build.ts');
  const tensorflow = await buildTensorflow({
    kind: cuda ? 'cuda' : 'cpu',
    python,
    signal: session.signal,
    say: session.say,
  });
  const { built, folder, versions, device } = tensorflow;
  return {
    json: { tensorflow },
    text: [
      `TensorFlow ${versions['tensorflow']}: ${folder} (${built ? 'built now' : 'was here already'})`,
      `computes on ${device}${cuda && device === 'cpu' ? ': it sees no GPU here' : ''}`,
    ],
  };
}
