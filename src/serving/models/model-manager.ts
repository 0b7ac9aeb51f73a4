import { messageOf } from '../../errors.ts';
import type { Home } from '../../lake/home.ts';
import { modelNames } from '../../registry/layout.ts';
import type { Logger } from '../../stages/context.ts';
import type { Engines } from '../engine/engines.ts';
import type { ModelSource } from '../engine/source.ts';
import type { ModelConfig, VersionStatus } from '../model-config.ts';
import { ServingProblem } from '../problem.ts';
import { TrafficWatch } from '../traffic/watch.ts';
import { Catalogue, keyOf, type ServedModel } from './catalogue.ts';
import { ServedVersion, type QueueShare } from './served-version.ts';
import { Statuses } from './statuses.ts';
import { targetOf, type ModelTarget } from './target.ts';

export interface ManagerParts {
  home: Home;
  engine: Pick<Engines, 'load'>;
  share: QueueShare;
  log: Logger;
  /** How long a change of files may go unseen. */
  everyMs?: number;
}

/** Every model of the registry, those to come included, or the ones that are named. */
export type Wanted = 'registry' | readonly ModelConfig[];

/** One version of one source, wherever it is served. */
interface Needed {
  key: string;
  model: string;
  version: number;
  source: ModelSource;
}

const EVERY_MS = 500;
/** After which a version that did not load is tried again. */
const AGAIN_MS = 30_000;

/**
 * Keeps what is loaded to what is wanted. A version is loaded and warm before anybody can find it, and gone from the
 * catalogue before it is unloaded; one catalogue takes the other's place at once.
 */
export class ModelManager implements AsyncDisposable {
  catalogue = new Catalogue(new Map(), new Map());
  readonly #parts: ManagerParts;
  readonly #statuses = new Statuses();
  readonly #loaded = new Map<string, ServedVersion>();
  readonly #failed = new Map<string, number>();
  readonly #watches = new Map<string, TrafficWatch>();
  readonly #retiring = new Set<Promise<void>>();
  #wanted: Wanted = [];
  #applied = '';
  #timer: NodeJS.Timeout | undefined;
  /** Changes are made one after another. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: ManagerParts) {
    this.#parts = parts;
  }

  /** Loads what is wanted and follows it from then on. What does not load is told of in its status. */
  async start(wanted: Wanted): Promise<void> {
    this.#wanted = wanted;
    await this.#inTurn(() => this.#apply(false));
    const { everyMs = EVERY_MS, log } = this.#parts;
    this.#timer = setInterval(() => {
      this.#inTurn(() => this.#apply(false)).catch((error: unknown) =>
        log.error({ error: messageOf(error) }, 'the models cannot be looked at; they stay as they are'),
      );
    }, everyMs).unref();
  }

  /** Looks at the files now. */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#apply(false));
  }

  /**
   * Takes another list of models, as a whole or not at all.
   * @throws ServingProblem FAILED_PRECONDITION where a version of it does not load or a label leads to none
   */
  reload(configs: readonly ModelConfig[]): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#wanted;
      this.#wanted = configs;
      this.#failed.clear();
      try {
        await this.#apply(true);
      } catch (error) {
        this.#wanted = before;
        throw error;
      }
    });
  }

  /** Requests that wait, of all versions. */
  get waiting(): number {
    let length = 0;
    for (const served of this.#loaded.values()) length += served.waiting;
    return length;
  }

  statuses(): Map<string, VersionStatus[]> {
    const all = new Map<string, VersionStatus[]>();
    for (const [name, { target }] of this.catalogue.models)
      all.set(name, this.#statuses.of(name, target.labels));
    return all;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#last.catch(() => undefined);
    for (const watch of this.#watches.values()) watch.close();
    await Promise.all(this.#retiring);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.#last.then(work, work);
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #apply(strict: boolean): Promise<void> {
    const targets = await this.#targets();
    const print = JSON.stringify(targets.map(printOf));
    const again = [...this.#failed.values()].some((at) => Date.now() - at > AGAIN_MS);
    if (print === this.#applied && !again && !strict) return;
    const needed = new Map(targets.flatMap((target) => this.#neededBy(target)).map((one) => [one.key, one]));
    const added = await this.#loadMissing([...needed.values()]);
    if (strict) await this.#requireWhole(targets, needed, added);
    this.#swap(targets, needed);
    this.#applied = print;
  }

  async #targets(): Promise<ModelTarget[]> {
    const { home } = this.#parts;
    const configs =
      this.#wanted === 'registry' ? (await modelNames(home)).map(answeringConfig) : this.#wanted;
    const registered = new Set(
      configs.flatMap(({ source }) => (source.kind === 'registry' ? [source.model] : [])),
    );
    for (const [model, watch] of this.#watches) {
      if (registered.has(model)) continue;
      watch.close();
      this.#watches.delete(model);
    }
    return Promise.all(configs.map(async (config) => targetOf(home, config, await this.#trafficOf(config))));
  }

  async #trafficOf({ source }: ModelConfig) {
    if (source.kind !== 'registry') return undefined;
    const found = this.#watches.get(source.model);
    if (found) {
      await found.look();
      return found.state;
    }
    const { home, log } = this.#parts;
    // The files are looked at whenever targets are made: no second clock is needed.
    const watch = await TrafficWatch.open({ home, model: source.model, log, everyMs: 2 ** 30 });
    this.#watches.set(source.model, watch);
    return watch.state;
  }

  #neededBy({ config: { name, source }, versions, beside }: ModelTarget): Needed[] {
    const { root } = this.#parts.home;
    const registered = (model: string, version: number): Needed => ({
      ...{ key: keyOf({ model, version }), model, version },
      source: { kind: 'registered', root, name: model, version },
    });
    const own = versions.map((version): Needed => {
      if (source.kind === 'registry') return { ...registered(source.model, version), model: name };
      const folder = `${source.path}/${version}`;
      return { key: `${name}:${folder}`, model: name, version, source: { kind: 'saved-model', folder } };
    });
    return [...own, ...beside.map(({ model, version }) => registered(model, version))];
  }

  async #loadMissing(needed: readonly Needed[]): Promise<Needed[]> {
    const missing = needed.filter(({ key }) => {
      const failedAt = this.#failed.get(key);
      return !this.#loaded.has(key) && (failedAt === undefined || Date.now() - failedAt > AGAIN_MS);
    });
    for (const { model, version } of missing) this.#tell(model, version, 'START');
    // One after another: while one is loaded, those that answer keep the thread in between.
    for (const each of missing) await this.#load(each);
    return missing;
  }

  async #load({ key, model, version, source }: Needed): Promise<void> {
    const { engine, share, log } = this.#parts;
    const started = performance.now();
    this.#tell(model, version, 'LOADING');
    try {
      const loaded = await engine.load(source, share.options.maxRows);
      this.#loaded.set(key, new ServedVersion(model, version, loaded, share));
      this.#failed.delete(key);
      const seconds = (performance.now() - started) / 1000;
      this.#tell(model, version, 'AVAILABLE', seconds);
      log.info({ model, version, seconds, bytes: loaded.bytes }, 'loaded');
    } catch (error) {
      this.#failed.set(key, Date.now());
      const message = messageOf(error);
      this.#statuses.set(model, version, 'END', { code: 'FAILED_PRECONDITION', message });
      log.error({ model, version, error: message }, 'does not load');
    }
  }

  /** Of a reload: takes back what it loaded unless all of it is there. */
  async #requireWhole(
    targets: readonly ModelTarget[],
    needed: ReadonlyMap<string, Needed>,
    added: readonly Needed[],
  ): Promise<void> {
    const failed = [...needed.values()].find(({ key }) => !this.#loaded.has(key));
    const problem = failed
      ? `Version ${failed.version} of ${failed.model} does not load: ${this.#problemOf(failed)}`
      : labelProblem(targets);
    if (problem === undefined) return;
    for (const { key, model, version } of added) {
      const served = this.#loaded.get(key);
      this.#loaded.delete(key);
      if (served) await this.#retire(served, model, version);
    }
    throw new ServingProblem('FAILED_PRECONDITION', problem);
  }

  #problemOf({ model, version }: Needed): string {
    const status = this.#statuses.of(model, new Map()).find((each) => each.version === version);
    return status?.problem?.message ?? 'it is not there.';
  }

  #swap(targets: readonly ModelTarget[], needed: ReadonlyMap<string, Needed>): void {
    const models = new Map<string, ServedModel>();
    const kept = new Set(needed.keys());
    for (const target of targets) {
      const { name } = target.config;
      const wanted = this.#neededBy(target).slice(0, target.versions.length);
      const versions = new Map(
        wanted.flatMap(({ key, version }) => {
          const served = this.#loaded.get(key);
          return served ? [[version, served] as const] : [];
        }),
      );
      const before = this.catalogue.models.get(name);
      // What is wanted does not load: who answered before goes on answering, under the labels it had.
      const stays =
        versions.size === 0 && target.versions.length > 0 && before !== undefined && before.versions.size > 0;
      models.set(name, stays ? before : { target, versions });
      if (stays)
        for (const [key, served] of this.#loaded)
          if ([...before.versions.values()].includes(served)) kept.add(key);
    }
    const registered = new Map([...this.#loaded].filter(([key]) => kept.has(key)));
    const gone = [...this.catalogue.models.keys()].filter((name) => !models.has(name));
    this.catalogue = new Catalogue(models, registered);
    for (const [key, served] of this.#loaded) {
      if (kept.has(key)) continue;
      this.#loaded.delete(key);
      void this.#retire(served, served.model, served.version);
    }
    for (const name of gone) this.#statuses.forget(name);
  }

  #retire(served: ServedVersion, model: string, version: number): Promise<void> {
    this.#tell(model, version, 'UNLOADING');
    const { log } = this.#parts;
    const retiring = served
      .retire()
      .then(() => this.#tell(model, version, 'END'))
      .catch((error: unknown) => log.warn({ model, version, error: messageOf(error) }, 'does not unload'))
      .finally(() => this.#retiring.delete(retiring));
    this.#retiring.add(retiring);
    return retiring;
  }

  #tell(model: string, version: number, state: VersionStatus['state'], seconds?: number): void {
    this.#statuses.set(model, version, state);
    const took = seconds === undefined ? {} : { seconds };
    this.#parts.share.observer.versionChanged?.({ model, version, state, ...took });
  }
}

const answeringConfig = (name: string): ModelConfig => ({
  ...{ name, source: { kind: 'registry', model: name }, policy: { kind: 'answering' } },
});

/** What tells one target from another; of who answers the generations do. */
function printOf({ config, versions, labels, champion, traffic, beside }: ModelTarget): unknown {
  const { canary, test, shadow } = traffic ?? {};
  return [config.name, config.source, versions, [...labels], champion, canary, test?.config, shadow, beside];
}

function labelProblem(targets: readonly ModelTarget[]): string | undefined {
  for (const { config, labels, versions } of targets) {
    for (const [label, version] of labels) {
      if (versions.includes(version)) continue;
      return `Request to assign label to version ${version} of model ${config.name}, which is not currently available for inference (${label})`;
    }
  }
  return undefined;
}
