import { messageOf } from '../../errors.ts';
import type { Home } from '../../lake/home.ts';
import { modelNames } from '../../registry/layout.ts';
import type { Logger } from '../../stages/context.ts';
import type { ModelConfig } from '../model-config.ts';
import type { TrafficState } from '../traffic/state.ts';
import { TrafficWatch } from '../traffic/watch.ts';
import { targetOf, type ModelTarget } from './target.ts';

/** Every model of the registry, those to come included, or the ones that are named. */
export type ModelList = 'registry' | readonly ModelConfig[];

/** Makes out, again and again, what a list of models comes to by the files as they are. */
export class Targets {
  readonly #home: Home;
  readonly #log: Pick<Logger, 'error' | 'warn'>;
  /** Of registered models. */
  readonly #watches = new Map<string, TrafficWatch>();
  /** What was last told of each model, so that the log has it once. */
  readonly #troubles = new Map<string, string>();
  readonly #labels = new Map<string, string>();

  constructor(home: Home, log: Pick<Logger, 'error' | 'warn'>) {
    this.#home = home;
    this.#log = log;
  }

  /**
   * One model that cannot be read keeps no other from its changes: it stays as it was `before`, or is not served.
   * Without `before` it is thrown.
   */
  async of(
    list: ModelList,
    before?: (name: string) => ModelTarget | undefined,
  ): Promise<readonly ModelTarget[]> {
    const configs = list === 'registry' ? (await modelNames(this.#home)).map(answeringConfig) : list;
    const registered = configs.flatMap(({ source }) => (source.kind === 'registry' ? [source.model] : []));
    for (const model of this.#watches.keys()) if (!registered.includes(model)) this.#watches.delete(model);
    const targets = await Promise.all(configs.map((config) => this.#one(config, before)));
    return targets.filter((target) => target !== undefined);
  }

  async #one(
    config: ModelConfig,
    before?: (name: string) => ModelTarget | undefined,
  ): Promise<ModelTarget | undefined> {
    const { name, source } = config;
    try {
      const traffic = source.kind === 'registry' ? await this.#trafficOf(source.model) : undefined;
      const target = await targetOf(this.#home, config, traffic);
      this.#troubles.delete(name);
      this.#tellOfLabels(config);
      return target;
    } catch (error) {
      if (!before) throw error;
      const message = messageOf(error);
      if (this.#troubles.get(name) !== message) {
        this.#troubles.set(name, message);
        const facts = { model: name, error: message };
        this.#log.error(facts, 'what to serve of this model cannot be read; it stays as it was');
      }
      return before(name);
    }
  }

  /** Labels given by hand win over the registry's, which people would go by. */
  #tellOfLabels({ name, source, labels }: ModelConfig): void {
    const given = source.kind === 'registry' && labels ? Object.fromEntries(labels) : undefined;
    const print = JSON.stringify(given) ?? '';
    if ((this.#labels.get(name) ?? '') === print) return;
    this.#labels.set(name, print);
    if (!given) this.#log.warn({ model: name }, 'its labels follow the registry again');
    else
      this.#log.warn(
        { model: name, labels: given },
        'its labels are those of the list of models, not the registry’s',
      );
  }

  async #trafficOf(model: string): Promise<TrafficState> {
    const known = this.#watches.get(model);
    await known?.look();
    const watch = known ?? (await TrafficWatch.open({ home: this.#home, model, log: this.#log }));
    this.#watches.set(model, watch);
    return watch.state;
  }
}

const answeringConfig = (name: string): ModelConfig => ({
  ...{ name, source: { kind: 'registry', model: name }, policy: { kind: 'answering' } },
});
