import { failureLine } from '../temporal/failures.ts';

/** The exit code of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** A program beside the verbs, with a name and flags of its own. */
export interface Program<Options, Result> {
  name: string;
  usage: string;
  parse(args: readonly string[]): Options & { json: boolean; help: boolean };
  /** What happens on the way is said line by line; whoever has had enough aborts. */
  run(options: Options, say: (line: string) => void, signal: AbortSignal): Promise<Result>;
  /** For people; `--json` has the result itself. */
  lines(result: Result): string[];
  /** Where the result is not what was hoped for, the exit code says so. */
  succeeded(result: Result): boolean;
}

/** Ends the process. What is said on the way and what fails goes to stderr, the result to stdout. */
export async function runProgram<Options, Result>(program: Program<Options, Result>): Promise<never> {
  try {
    process.exit(await outcomeOf(program));
  } catch (error) {
    process.stderr.write(`${program.name}: ${failureLine(error)}\n`);
    process.exit(1);
  }
}

async function outcomeOf<Options, Result>(program: Program<Options, Result>): Promise<number> {
  const options = program.parse(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(program.usage);
    return 0;
  }
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());
  const say = (line: string) => process.stderr.write(`${line}\n`);
  try {
    const result = await program.run(options, say, interrupted.signal);
    const text = options.json ? JSON.stringify(result) : program.lines(result).join('\n');
    process.stdout.write(`${text}\n`);
    return program.succeeded(result) ? 0 : 1;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    return INTERRUPTED;
  }
}
