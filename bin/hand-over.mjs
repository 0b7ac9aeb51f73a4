// Runs the real program under another Node and is as transparent as it can be: same streams, signals, exit.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { environmentWith } from './set-up.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** The exit code of the program; a shell's 128 + n when a signal ended it. */
export function handOver(node, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio: 'inherit', env: environmentWith(node) });
    // From a terminal the program gets the signal too: it takes a second one at once for the same.
    const passOn = (signal) => child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, passOn);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const name of SIGNALS) process.off(name, passOn);
      resolve(signal ? 128 + constants.signals[signal] : code);
    });
  });
}
