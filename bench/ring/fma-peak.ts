import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandOnPath, runProgram } from '../../src/stack/commands.ts';
import { LineProcess } from './line-process.ts';
import { figuresOf, type AbsentSide, type Side } from './sides.ts';

const SOURCE = fileURLToPath(new URL('fma_peak.c', import.meta.url));
const COMPILERS = ['cc', 'gcc', 'clang'];

/** The processor's own limit, measured beside everything else: clocks change with what the machine does. */
export class FmaPeak implements Side {
  readonly name = 'FMA peak';
  readonly #program: LineProcess;
  readonly #gigaflops: number[] = [];

  private constructor(program: LineProcess) {
    this.#program = program;
  }

  static async start(threads: number): Promise<FmaPeak | AbsentSide> {
    const compiler = COMPILERS.map(commandOnPath).find((path) => path !== undefined);
    if (compiler === undefined) return { name: 'FMA peak', absent: 'no C compiler: install gcc' };
    const folder = await mkdtemp(join(tmpdir(), 'ringwatt-fma-'));
    try {
      const path = join(folder, 'fma-peak');
      const native = process.arch === 'arm64' ? '-mcpu=native' : '-march=native';
      const flags = ['-O3', native, '-ffp-contract=fast', SOURCE, '-o', path, '-lpthread'];
      const { code, stderr } = await runProgram(compiler, flags, { seconds: 60 });
      if (code !== 0) return { name: 'FMA peak', absent: `${compiler}: ${stderr.split('\n')[0]}` };
      const program = new LineProcess(path, [String(threads)]);
      await program.ready;
      return new FmaPeak(program);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async run(): Promise<number> {
    const { ms, gigaflops } = await this.#program.ask('run');
    this.#gigaflops.push(Number(gigaflops));
    return Number(ms);
  }

  /** Of all repetitions; an interrupted one says less than the processor can. */
  gigaflops(): number {
    return figuresOf(this.#gigaflops).median;
  }

  close(): Promise<void> {
    return this.#program.close();
  }
}
