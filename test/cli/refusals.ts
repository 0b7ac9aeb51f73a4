import { Command } from 'commander';
import { defineVerbs } from '../../src/cli/verbs.ts';
import { messageOf } from '../../src/errors.ts';

/** Why a verb will not do what it is asked, in this process: what it would have started is never imported. */
export async function refusalOf(args: string[]): Promise<string> {
  const program = new Command().exitOverride();
  defineVerbs(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    return messageOf(error);
  }
  throw new Error(`${args.join(' ')} was not refused.`);
}
