import type { Command } from 'commander';
import { defineVerb } from '../flags.ts';
import { perform } from '../session.ts';

export function defineDown(program: Command): void {
  defineVerb(program, 'down', 'Stop the services that run on the home, and nothing else.', ['down']).action(
    perform(async (session) => {
      const home = await session.home();
      const { stopStack } = await import('../../stack/detach.ts');
      const { stopped, forced } = await stopStack(home);
      const text =
        stopped === 0 ? `nothing runs on ${home.root}` : `stopped ${stopped} processes of ${home.root}`;
      return { json: { home: home.root, stopped, forced }, text };
    }),
  );
}
