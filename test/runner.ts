import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

// `npm test`: every test file, the fast ones first, with coverage; the last line is the count. Arguments are files
// or folders to run instead of all.

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Percent of the lines of the product's code; below it the run fails. */
const COVERAGE_FLOOR = 90;

/** Folders whose tests start servers or train: last, so that a plain mistake shows within seconds. */
const SLOW_LAST = ['stack', 'cli', 'bootstrap', 'workflows', 'replay', 'training', 'chaos', 'e2e'];

interface Tally {
  passed: number;
  failed: number;
}

const asked = process.argv.slice(2);
const files = testFiles(asked);
if (files.length === 0) {
  console.error(`No test file lies under ${asked.join(', ')}.`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'ringwatt-test-'));
const tallyFile = join(folder, 'tally.json');
const coverage = join(folder, 'coverage');
mkdirSync(coverage);
try {
  await prepare();
  const started = Date.now();
  await run('mocha/bin/mocha.js', ['--reporter', join(ROOT, 'test', 'reporter.cjs'), ...files], {
    RINGWATT_TALLY: tallyFile,
    NODE_V8_COVERAGE: coverage,
    // Hundreds of processes are started, each of which would spend two fifths of its start on compiling the same code.
    NODE_COMPILE_CACHE: join(folder, 'compiled'),
  });
  console.log(`\n${files.length} files in ${Math.round((Date.now() - started) / 1000)} s`);
  const covered = asked.length > 0 || (await reportCoverage());
  const { passed, failed } = readTally();
  if (!covered) console.log(`Fewer than ${COVERAGE_FLOOR} % of the lines are covered.`);
  process.exitCode = failed === 0 && passed > 0 && covered ? 0 : 1;
  console.log(`${passed} passed, ${failed} failed`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What several tests need is brought before any of them runs against the clock. */
async function prepare(): Promise<void> {
  const { findTemporalCli } = await import('../src/stack/temporal-cli.ts');
  await findTemporalCli({ say: (line) => console.error(`ringwatt: ${line}`) });
}

function testFiles(patterns: string[]): string[] {
  const all = globSync('test/**/*.test.ts', { cwd: ROOT });
  const chosen =
    patterns.length === 0
      ? all
      : all.filter((file) =>
          patterns.some((pattern) => file.startsWith(relative(ROOT, join(ROOT, pattern)))),
        );
  const rank = (file: string) => SLOW_LAST.indexOf(file.split('/')[1] ?? '');
  return chosen.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** The count the reporter left; a run that ended before that is one failure. */
function readTally(): Tally {
  return existsSync(tallyFile)
    ? (JSON.parse(readFileSync(tallyFile, 'utf8')) as Tally)
    : { passed: 0, failed: 1 };
}

async function reportCoverage(): Promise<boolean> {
  const args = ['report', '--temp-directory', coverage, '--reporter', 'text-summary'];
  const sources = ['src', 'activities', 'workflows', 'workers', 'schedules'].flatMap((name) => [
    '--include',
    `${name}/**`,
  ]);
  const code = await run(
    'c8/bin/c8.js',
    [...args, ...sources, '--check-coverage', '--lines', String(COVERAGE_FLOOR)],
    {},
  );
  return code === 0;
}

function run(program: string, args: string[], extra: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, 'node_modules', program), ...args], {
      cwd: ROOT,
      env: { ...process.env, ...extra },
      stdio: 'inherit',
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
    child.on('close', (code) => resolve(code ?? 1));
  });
}
