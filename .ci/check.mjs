// Everything that can be said of the code without running it. Says which check failed; shows its words.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const tool = (name) => join(ROOT, 'node_modules', '.bin', name);

const CHECKS = {
  'lint (oxlint)': [tool('oxlint'), ['--quiet']],
  'format (prettier)': [tool('prettier'), ['--check', '--log-level', 'warn', '.']],
  'house rules (dependency-cruiser)': [process.execPath, [join(ROOT, '.ci', 'house-rules.mjs')]],
  'types (tsc)': [tool('tsc'), ['-p', '.']],
};

/** Of the kernels, with what the set-up has compiled of them already. Needs the part of Rust's tools it names. */
const KERNEL_CHECKS = {
  'kernels’ format (cargo fmt)': ['fmt', ['--check']],
  'kernels’ lint (cargo clippy)': [
    'clippy',
    ['--release', '--locked', '--lib', '--tests', '--examples', '--quiet', '--', '-D', 'warnings'],
  ],
  'kernels’ tests (cargo test)': ['test', ['--release', '--locked', '--quiet']],
};

let failed = 0;
for (const [name, [program, args]] of Object.entries(CHECKS)) check(name, program, args, { cwd: ROOT });
for (const [name, [part, args]] of Object.entries(KERNEL_CHECKS)) {
  const cwd = join(ROOT, 'kernels');
  const env = { ...process.env, CARGO_TARGET_DIR: join(ROOT, '.cache', 'kernels-target') };
  const there = spawnSync('cargo', [part, '--help'], { cwd, stdio: 'ignore' }).status === 0;
  if (there) check(name, 'cargo', [part, ...args], { cwd, env });
  else console.log(`${name}: \`cargo ${part}\` is not there, not checked`);
}
reportAdvisories();
process.exitCode = failed === 0 ? 0 : 1;

function check(name, program, args, options) {
  const started = Date.now();
  const { status, error } = spawnSync(program, args, { ...options, stdio: 'inherit' });
  if (status !== 0) failed += 1;
  const verdict = status === 0 ? 'ok' : `FAILED${error ? ` (${error.message})` : ''}`;
  console.log(`${name}: ${verdict}, ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/**
 * Known holes in what ships, where the registry answers such questions. Said, not judged: an advisory published
 * today must not turn yesterday's commit red.
 */
function reportAdvisories() {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: ROOT, encoding: 'utf8' });
  const found = parse(stdout)?.metadata?.vulnerabilities;
  if (!found) {
    console.log('advisories (npm audit): the registry does not answer, not checked');
    return;
  }
  console.log(
    `advisories (npm audit): ${found.high + found.critical} high or critical, ${found.total} in all`,
  );
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
