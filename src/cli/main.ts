import { Command, CommanderError } from 'commander';
import { reportFailure } from './failures.ts';
import { addGlobalFlags } from './flags.ts';
import { defineVerbs } from './verbs.ts';

const DESCRIPTION =
  'From the public hourly record of a power grid to a registered, promoted forecaster of its demand.';

// A reader that has seen enough (`| head`) ends the pipe: that is no failure of the verb.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const program = addGlobalFlags(new Command('ringwatt'))
  .description(DESCRIPTION)
  .configureHelp({ sortOptions: true })
  .enablePositionalOptions(false);
defineVerbs(program);
for (const command of everyCommand(program)) command.exitOverride();

try {
  await program.parseAsync(process.argv);
} catch (error) {
  const bareGroup = error instanceof CommanderError && error.code === 'commander.help';
  process.exitCode = bareGroup ? 2 : reportFailure(error, process.argv.includes('--json'));
}
// What a library left running (a call that waits, a pool of threads) shall not keep a verb that has answered.
process.exit();

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
