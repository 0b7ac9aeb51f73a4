import type { Logger } from '../../stages/context.ts';
import { withShards, type ShardingOptions } from '../sharded/with-shards.ts';
import { Engine } from './engine.ts';
import { loadHere } from './here.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { ThreadData } from './protocol.ts';
import type { ModelSource } from './source.ts';

/**
 * A batch that takes less is run where the doors are: to hand it to another thread and wake that up costs more than it
 * does (4,000 requests a second in place of 2,200 for two layers of 256), and nobody is kept waiting for long.
 */
const QUICK_MS = 2;

/** Where models are run: a thread of their own, or, where a whole batch takes no time, the doors'. */
export class Engines implements AsyncDisposable {
  /** Resolves when what computes has ended, or must, by itself. */
  readonly died: Promise<Error>;
  readonly #thread: Engine;
  readonly #loader: Pick<Engine, 'load'>;
  readonly #lost: (error: Error) => void;
  readonly #log: Pick<Logger, 'info'>;

  private constructor(thread: Engine, sharding: ShardingOptions, log: Pick<Logger, 'info'>) {
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.#thread = thread;
    this.#loader = withShards(thread, sharding);
    this.#lost = resolve;
    this.#log = log;
    this.died = Promise.race([thread.died, promise]);
  }

  /** `sharding` says what is too large for this process. */
  static async start(
    log: Pick<Logger, 'info'>,
    sharding: ShardingOptions = {},
    data?: ThreadData,
  ): Promise<Engines> {
    return new Engines(await Engine.start(undefined, data), sharding, log);
  }

  /** Loads a model and warms it up. */
  async load(source: ModelSource, maxRows: number): Promise<LoadedModel> {
    const loaded = await this.#warm(() => this.#loader.load(source), maxRows);
    if (loaded.batchMs > QUICK_MS) return loaded.model;
    await loaded.model.unload();
    const here = await this.#warm(() => loadHere(source, this.#lost), maxRows);
    this.#log.info({ source, batchMs: here.batchMs }, 'is run where the doors are');
    return here.model;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread[Symbol.asyncDispose]();
  }

  async #warm(load: () => Promise<LoadedModel>, maxRows: number) {
    const model = await load();
    try {
      return { model, batchMs: await model.warmUp(maxRows) };
    } catch (error) {
      await model.unload();
      throw error;
    }
  }
}
