import type { Command } from 'commander';
import { defineVerb } from '../flags.ts';
import { perform } from '../session.ts';

export function defineSetup(program: Command): void {
  defineVerb(program, 'setup', 'Bring what the services need and is not here yet: the Temporal CLI.', [
    'setup',
  ]).action(
    perform(async (session) => {
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
    }),
  );
}
