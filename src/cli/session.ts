import type { Command } from 'commander';
import { loadConfig, type Config } from '../config/config.ts';
import { Home } from '../lake/home.ts';
import type { StageContext } from '../stages/context.ts';
import { StoppedError } from './failures.ts';
import type { GlobalFlags } from './flags.ts';
import { stderrLogger } from './logger.ts';
import { ProgressDisplay } from './progress.ts';

/** What a verb has at hand while it works. */
export interface Session {
  config: Config;
  flags: GlobalFlags;
  /** Aborts at the first Ctrl-C or SIGTERM. */
  signal: AbortSignal;
  progress: ProgressDisplay;
  /** A line for the person, on stderr. */
  say(line: string): void;
  /** Prints the answer before the verb's work ends; for verbs that stay. */
  print(answer: Answer): void;
  /** Opens the home, creating it when it is not there. */
  home(): Promise<Home>;
  /** What a stage needs when it is called without Temporal. */
  stageContext(): Promise<StageContext>;
}

/** What a verb answers: the object for --json, the lines for a person. */
export interface Answer {
  json: object;
  text: string | string[];
  /** Not 0 when the verb did its work and the answer is bad news (`doctor`). */
  exitCode?: number;
}

export function openSession(flags: VerbOptions, signal: AbortSignal): Session {
  const { home: root, config: file, logLevel, uiPort } = flags;
  const config = loadConfig(
    { home: root, logLevel: logLevel as Config['logLevel'] | undefined, uiPort },
    { file },
  );
  const progress = new ProgressDisplay(process.stderr);
  const home = () => Home.open(config.home);
  return {
    config,
    flags,
    signal,
    progress,
    say: (line) => progress.line(line),
    print({ json, text }) {
      progress.end();
      const shown = Array.isArray(text) ? text.join('\n') : text;
      if (flags.json) process.stdout.write(`${JSON.stringify(json)}\n`);
      else if (shown !== '') process.stdout.write(`${shown}\n`);
    },
    home,
    async stageContext() {
      return {
        home: await home(),
        config,
        signal,
        progress: (update) => progress.show(update),
        log: stderrLogger(logLevel === undefined ? 'warn' : config.logLevel, progress),
      };
    },
  };
}

/** Flags that are fields of the configuration, picked so that the rest of a verb's flags stay out of it. */
export interface VerbOptions extends GlobalFlags {
  uiPort?: number;
}

/** Wraps a verb's work: opens the session, prints the answer, gives the signal, sets the exit code. */
export function perform<Options extends object>(
  work: (session: Session, options: Options, args: string[]) => Promise<Answer | undefined>,
): (...received: unknown[]) => Promise<void> {
  return async (...received) => {
    const command = received.at(-1) as Command;
    // What all verbs have is the session's; a verb that hands its own flags on as they are hands on no other.
    const { home, config, logLevel, json, ...own } = command.optsWithGlobals<Options & VerbOptions>();
    const stop = listenForStop();
    const session = openSession({ home, config, logLevel, json, uiPort: own.uiPort }, stop.signal);
    try {
      const answer = await work(session, own as unknown as Options, command.args);
      if (answer) session.print(answer);
      process.exitCode = answer?.exitCode ?? 0;
    } catch (error) {
      throw stop.signal.aborted ? new StoppedError(stop.received()) : error;
    } finally {
      session.progress.end();
      stop.dispose();
    }
  };
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A terminal and a parent may both deliver one Ctrl-C. */
const SAME_SIGNAL_MS = 1000;

function listenForStop() {
  const controller = new AbortController();
  let first: { signal: NodeJS.Signals; at: number } | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (!first) {
      first = { signal, at: Date.now() };
      controller.abort(new StoppedError(signal));
    } else if (Date.now() - first.at > SAME_SIGNAL_MS) {
      // Asked again: the guard ends whatever this process still had running.
      process.exit(130);
    }
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    received: () => first?.signal ?? 'SIGINT',
    dispose: () => STOP_SIGNALS.forEach((signal) => process.off(signal, onSignal)),
  };
}
