import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { UnavailableError } from '../../src/errors.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Where a bench works. */
export interface Place {
  home: string;
  /** Runs a verb of the command line there and returns what it says as JSON. */
  verb<Answer>(...words: string[]): Promise<Answer>;
}

export function placeAt(home: string, say: (line: string) => void): Place {
  const verb = async <Answer>(...words: string[]) => {
    say(`ringwatt ${words.join(' ')}`);
    const started = Date.now();
    const child = spawn(process.execPath, [MAIN, ...words, '--home', home, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [said, complained] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complained = (complained + chunk.toString()).slice(-4000)));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (code !== 0) {
      throw new UnavailableError(
        `ringwatt ${words.join(' ')} ended with ${code}: ${said}${complained}`,
        'Run it by hand to see more.',
      );
    }
    say(`  ${Math.round((Date.now() - started) / 1000)} s`);
    return JSON.parse(said) as Answer;
  };
  return { home, verb };
}
