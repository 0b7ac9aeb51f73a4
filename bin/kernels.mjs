// Builds the Rust kernels once, where cargo is there. Nothing needs them: what goes wrong is said in one line, noted
// for doctor, and the rest goes on without.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join, relative, sep } from 'node:path';
import { CACHE, ROOT, SetUpError, alone, say } from './set-up.mjs';

const SOURCES = join(ROOT, 'kernels');
const PLACE = join(CACHE, 'kernels');
const RECORD = join(PLACE, 'built.json');
const TARGET = join(CACHE, 'kernels-target');
const LIBRARY = { win32: 'ringwatt_kernels.dll', darwin: 'libringwatt_kernels.dylib' };

const TELL_EVERY_MS = 15_000;

/** A network that is away now may be back later. */
const TRY_AGAIN_MS = 60 * 60_000;

/** Builds when cargo is there and the newest build was not of these sources. `again` tries what failed before. */
export async function buildKernels({ again = false } = {}) {
  if (!existsSync(join(SOURCES, 'Cargo.toml')) || isSettled(stamp(), again)) return;
  const cargo = onPath('cargo');
  if (!cargo) return;
  await alone(async () => {
    const made = stamp();
    if (isSettled(made, again)) return;
    say('building the kernels (once, a minute or several)');
    const started = Date.now();
    const { code, words } = await run(cargo, [
      'build',
      '--release',
      '--locked',
      '--package',
      'ringwatt-addon',
    ]);
    if (code === 0) {
      keep(made);
      say(`kernels: built in ${Math.round((Date.now() - started) / 1000)} s`);
    } else if (typeof code === 'string' && code.startsWith('SIG')) {
      throw new SetUpError(
        `The kernels were not built: ${code}.`,
        'Run it again: the build goes on where it was.',
      );
    } else {
      const failure = reasonOf(words, code);
      note({ stamp: made, failure, at: Date.now() });
      say(`the kernels do not build (${failure}): going on without them`);
    }
  });
}

function isSettled(made, again) {
  const { stamp: before, library, at = 0 } = readRecord();
  if (before !== made) return false;
  if (library) return existsSync(join(PLACE, library));
  return !again && Date.now() - at < TRY_AGAIN_MS;
}

/** A name of its own for each build: a process that has the last one loaded keeps its file. */
function keep(made) {
  const library = `ringwatt-kernels-${made.slice(0, 16)}.node`;
  mkdirSync(PLACE, { recursive: true });
  const temporary = join(PLACE, `${library}.${process.pid}.tmp`);
  copyFileSync(join(TARGET, 'release', LIBRARY[process.platform] ?? 'libringwatt_kernels.so'), temporary);
  renameSync(temporary, join(PLACE, library));
  const before = readRecord().library;
  note({ stamp: made, library });
  if (before && before !== library) rmSync(join(PLACE, before), { force: true });
}

function note(record) {
  mkdirSync(PLACE, { recursive: true });
  const temporary = `${RECORD}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(temporary, RECORD);
}

function readRecord() {
  try {
    return JSON.parse(readFileSync(RECORD, 'utf8'));
  } catch {
    return {};
  }
}

/** What a build is made from: every file under kernels/, and the platform. */
function stamp() {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}\n`);
  for (const file of sourceFiles()) {
    hash.update(`${relative(SOURCES, file).split(sep).join('/')}\n`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function sourceFiles() {
  const crates = readdirSync(SOURCES, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && existsSync(join(SOURCES, entry.name, 'Cargo.toml')),
  );
  const files = ['Cargo.toml', 'Cargo.lock'].map((name) => join(SOURCES, name));
  for (const { name } of crates) {
    const crate = join(SOURCES, name);
    files.push(
      ...readdirSync(crate)
        .filter((file) => /\.(rs|toml)$/.test(file))
        .map((file) => join(crate, file)),
    );
    const source = join(crate, 'src');
    for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) files.push(join(entry.parentPath ?? entry.path, entry.name));
    }
  }
  return files.sort();
}

function run(cargo, args) {
  const child = spawn(cargo, args, {
    cwd: SOURCES,
    env: { ...process.env, CARGO_TARGET_DIR: TARGET },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (words = (words + text).slice(-20_000)));
  const started = Date.now();
  const ticking = setInterval(() => {
    const last = words.trim().split('\n').at(-1).trim();
    const so = `${Math.round((Date.now() - started) / 1000)} s so far`;
    say(`kernels: ${so}${last ? `, cargo: ${last}` : ''}`);
  }, TELL_EVERY_MS);
  const passOn = (signal) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, passOn);
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: error.code, words: error.message }));
    child.on('close', (status, signal) => resolve({ code: signal ?? status, words }));
  }).finally(() => {
    clearInterval(ticking);
    for (const signal of signals) process.off(signal, passOn);
  });
}

/** cargo's own first error. */
function reasonOf(words, code) {
  const error = words.split('\n').find((line) => line.startsWith('error'));
  return (
    (error ?? words.trim().split('\n').at(-1) ?? '').replace(/^error(\[\w+\])?:\s*/, '').slice(0, 200) ||
    `cargo ended with ${code}`
  );
}

function onPath(name) {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, file)).find((path) => existsSync(path));
}
