import { globSync } from 'node:fs';
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BadInputError, messageOf } from '../src/errors.ts';
import type { Bench, Measure } from './measure.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const USAGE = `bench <name> [--json] [--python PATH] [--only PART,PART]

Runs one benchmark and prints ratios: 1 and more is at least as good as the peer or the target.
  --json          one JSON object on stdout
  --python PATH   the interpreter that has the peers (default: python3)
  --only PARTS    some parts of a benchmark that has parts
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      python: { type: 'string', default: 'python3' },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const benches = await load();
  const [name] = positionals;
  if (values.help || name === undefined) {
    const lines = [...benches.values()].map((bench) => `  ${bench.name}${partsOf(bench)}`);
    process.stdout.write(`${USAGE}\nBenchmarks:\n${lines.join('\n')}\n`);
    return name === undefined && !values.help ? 2 : 0;
  }
  const bench = benches.get(name);
  if (!bench) {
    throw new BadInputError(
      `There is no benchmark "${name}".`,
      `There are: ${[...benches.keys()].join(', ')}.`,
    );
  }
  const only = values.only?.split(',').map((part) => part.trim());
  const { parts } = bench;
  if (only && !parts) throw new BadInputError(`${name} has no parts.`, 'Leave --only out.');
  const unknown = only?.find((part) => !parts?.includes(part));
  if (unknown !== undefined) {
    throw new BadInputError(`${name} has no part "${unknown}".`, `It has: ${parts!.join(', ')}.`);
  }
  const results = await bench.run({
    python: values.python,
    only,
    say: (line) => process.stderr.write(`${line}\n`),
  });
  const answer = { bench: name, machine: describeMachine(), results };
  process.stdout.write(values.json ? `${JSON.stringify(answer)}\n` : `${asTable(results)}\n`);
  // A peer that is not installed proves nothing either way; a floor that is missed does.
  return results.some(({ holds }) => holds === false) ? 1 : 0;
}

const partsOf = ({ parts }: Bench) => (parts ? `, with the parts ${parts.join(', ')}` : '');

/** Every module of this folder that exports `name` and `run`. */
async function load(): Promise<Map<string, Bench>> {
  const benches = new Map<string, Bench>();
  for (const file of globSync('*.ts', { cwd: FOLDER }).toSorted()) {
    if (['main.ts', 'measure.ts'].includes(basename(file))) continue;
    const module = (await import(pathToFileURL(join(FOLDER, file)).href)) as Partial<Bench>;
    if (module.name !== undefined && module.run !== undefined) benches.set(module.name, module as Bench);
  }
  return benches;
}

function describeMachine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Number((totalmem() / 2 ** 30).toFixed(1)),
    system: `${platform()} ${release()}`,
    node: process.versions.node,
  };
}

function asTable(results: Measure[]): string {
  return results
    .map(({ measure, ours, peer, theirs, unit, ratio, floor, holds, note }) => {
      const against = theirs === null ? '' : `, ${peer ?? 'target'} ${theirs} ${unit}`;
      const verdict = holds === null ? 'not decided' : holds ? 'holds' : 'DOES NOT HOLD';
      const why = holds === null && note ? ` (${note})` : '';
      return `${measure}: ${ours} ${unit}${against}; ratio ${ratio?.toFixed(2) ?? '-'} (floor ${floor}): ${verdict}${why}`;
    })
    .join('\n');
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`error: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
