import { messageOf } from '../../errors.ts';
import type { Home } from '../../lake/home.ts';
import type { Logger } from '../../stages/context.ts';
import type { Engines } from '../engine/engines.ts';
import type { ModelConfig, VersionStatus } from '../model-config.ts';
import { ServingProblem } from '../problem.ts';
import { Catalogue, type ServedModel } from './catalogue.ts';
import { allNeeded, versionsNeeded, type Needed } from './needed.ts';
import { ServedVersion, type QueueShare } from './served-version.ts';
import { Statuses } from './statuses.ts';
import { labelProblem, printOf, type ModelTarget } from './target.ts';
import { Targets, type ModelList } from './targets.ts';

export interface ManagerParts {
  home: Home;
  engine: Pick<Engines, 'load'>;
  share: QueueShare;
  log: Logger;
  /** How long a change of files may go unseen. */
  everyMs?: number;
}

interface Failure {
  at: number;
  message: string;
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
  readonly #failed = new Map<string, Failure>();
  readonly #targets: Targets;
  readonly #retiring = new Set<Promise<void>>();
  #wanted: ModelList = [];
  #applied = '';
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  /** Of the last look that failed, so that the log has it once. */
  #trouble: string | undefined;
  /** Changes are made one after another. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: ManagerParts) {
    this.#parts = parts;
    this.#targets = new Targets(parts.home, parts.log);
  }

  /** Loads what is wanted and follows it from then on. What does not load is told of in its status. */
  async start(wanted: ModelList): Promise<void> {
    this.#wanted = wanted;
    await this.refresh();
    this.#timer = setInterval(() => this.#look(), this.#parts.everyMs ?? EVERY_MS).unref();
  }

  /** Looks at the files now. */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#apply(false));
  }

  /**
   * Takes another list of models, as a whole or not at all.
   * @throws ServingProblem FAILED_PRECONDITION where a version of it does not load, a label leads to none, or files cannot
   * be read
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
        // What failed of the list before, or was unloaded with this one, is looked for anew.
        this.#applied = '';
        this.#failed.clear();
        this.#statuses.keep(this.catalogue.models);
        // Such as a model whose files cannot be read: whoever asked is told why.
        throw error instanceof ServingProblem
          ? error
          : new ServingProblem('FAILED_PRECONDITION', messageOf(error));
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
    await Promise.all(this.#retiring);
  }

  /** Not while it is still at it: to load a large model takes longer than many looks are apart. */
  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    void this.refresh()
      .then(
        () => undefined,
        (error: unknown) => messageOf(error),
      )
      .then((error) => {
        this.#looking = false;
        if (error !== undefined && error !== this.#trouble)
          this.#parts.log.error({ error }, 'the models cannot be looked at; they stay as they are');
        this.#trouble = error;
      });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.#last.then(work, work);
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #apply(strict: boolean): Promise<void> {
    const before = (name: string) => this.catalogue.models.get(name)?.target;
    const targets = await this.#targets.of(this.#wanted, strict ? undefined : before);
    const print = JSON.stringify(targets.map(printOf));
    const again = [...this.#failed.values()].some(isToBeTriedAgain);
    if (print === this.#applied && !again && !strict) return;
    const needed = allNeeded(this.#parts.home.root, targets);
    for (const key of this.#failed.keys()) if (!needed.has(key)) this.#failed.delete(key);
    const added = await this.#loadMissing([...needed.values()]);
    if (strict) await this.#requireWhole(targets, needed, added);
    this.#swap(targets, needed);
    this.#applied = print;
  }

  async #loadMissing(needed: readonly Needed[]): Promise<Needed[]> {
    const missing = needed.filter(({ key }) => {
      const failure = this.#failed.get(key);
      return !this.#loaded.has(key) && (failure === undefined || isToBeTriedAgain(failure));
    });
    for (const each of missing) this.#tell(each, 'START');
    // One after another: while one is loaded, those that answer keep the thread in between.
    for (const each of missing) await this.#load(each);
    return missing;
  }

  async #load(needed: Needed): Promise<void> {
    const { key, model, version, source, names } = needed;
    const { engine, share, log } = this.#parts;
    const started = performance.now();
    this.#tell(needed, 'LOADING');
    try {
      const loaded = await engine.load(source, share.options.maxRows);
      this.#loaded.set(key, new ServedVersion(model, version, loaded, share));
      this.#failed.delete(key);
      const seconds = (performance.now() - started) / 1000;
      this.#tell(needed, 'AVAILABLE', seconds);
      log.info({ model, version, seconds, bytes: loaded.bytes }, 'loaded');
    } catch (error) {
      const message = messageOf(error);
      this.#failed.set(key, { at: performance.now(), message });
      for (const name of names)
        this.#statuses.set(name, version, 'END', { code: 'FAILED_PRECONDITION', message });
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
      ? `Version ${failed.version} of ${failed.model} does not load: ${this.#failed.get(failed.key)?.message}`
      : labelProblem(targets);
    if (problem === undefined) return;
    for (const { key, names } of added) {
      const served = this.#loaded.get(key);
      this.#loaded.delete(key);
      if (served) await this.#retire(served, names);
    }
    throw new ServingProblem('FAILED_PRECONDITION', problem);
  }

  #swap(targets: readonly ModelTarget[], needed: ReadonlyMap<string, Needed>): void {
    const before = this.catalogue;
    const models = new Map<string, ServedModel>();
    const kept = new Set<ServedVersion>();
    for (const key of needed.keys()) {
      const served = this.#loaded.get(key);
      if (served) kept.add(served);
    }
    for (const target of targets) {
      const model = this.#servedBy(target, before.models.get(target.config.name));
      models.set(target.config.name, model);
      for (const served of model.versions.values()) kept.add(served);
    }
    this.catalogue = new Catalogue(
      models,
      new Map([...this.#loaded].filter(([, served]) => kept.has(served))),
    );
    const left = this.#tellOfNames(before.models, models);
    for (const [key, served] of this.#loaded) {
      if (kept.has(served)) continue;
      this.#loaded.delete(key);
      void this.#retire(served, left.get(served) ?? []);
    }
    this.#statuses.keep(models);
  }

  /** Where nothing of what is wanted loads, who answered before goes on answering, under the labels it had. */
  #servedBy(target: ModelTarget, before: ServedModel | undefined): ServedModel {
    const versions = new Map<number, ServedVersion>();
    for (const { key, version } of versionsNeeded(this.#parts.home.root, target)) {
      const served = this.#loaded.get(key);
      if (served) versions.set(version, served);
    }
    const isLost = versions.size === 0 && target.versions.length > 0;
    return isLost && before && before.versions.size > 0 ? before : { target, versions };
  }

  /**
   * A version may come under another name, or leave one, while it stays loaded all along.
   * @returns the names that each version has left
   */
  #tellOfNames(
    before: ReadonlyMap<string, ServedModel>,
    models: ReadonlyMap<string, ServedModel>,
  ): Map<ServedVersion, string[]> {
    const left = new Map<ServedVersion, string[]>();
    for (const [name, { versions }] of before) {
      for (const [version, served] of versions) {
        if (models.get(name)?.versions.get(version) === served) continue;
        left.set(served, [...(left.get(served) ?? []), name]);
        if (models.get(name)?.versions.has(version) === false) this.#statuses.set(name, version, 'END');
      }
    }
    for (const [name, { versions }] of models)
      for (const version of versions.keys()) this.#statuses.set(name, version, 'AVAILABLE');
    return left;
  }

  #retire(served: ServedVersion, names: readonly string[]): Promise<void> {
    const { model, version } = served;
    const { log } = this.#parts;
    this.#tellOfEnd(served, names, 'UNLOADING');
    const retiring = served
      .retire()
      .then(() => this.#tellOfEnd(served, names, 'END'))
      .catch((error: unknown) => log.warn({ model, version, error: messageOf(error) }, 'does not unload'))
      .finally(() => this.#retiring.delete(retiring));
    this.#retiring.add(retiring);
    return retiring;
  }

  /** By now a name may be gone, or another source serve a version of the same number under it. */
  #tellOfEnd({ model, version }: ServedVersion, names: readonly string[], state: 'UNLOADING' | 'END'): void {
    const { models } = this.catalogue;
    for (const name of names)
      if (models.get(name)?.versions.has(version) === false) this.#statuses.set(name, version, state);
    if (!models.get(model)?.versions.has(version))
      this.#parts.share.observer.versionChanged?.({ model, version, state });
  }

  #tell({ model, version, names }: Needed, state: VersionStatus['state'], seconds?: number): void {
    for (const name of names) this.#statuses.set(name, version, state);
    const took = seconds === undefined ? {} : { seconds };
    this.#parts.share.observer.versionChanged?.({ model, version, state, ...took });
  }
}

const isToBeTriedAgain = ({ at }: Failure) => performance.now() - at > AGAIN_MS;
