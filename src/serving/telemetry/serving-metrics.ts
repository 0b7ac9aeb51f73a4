import type { Gauge, Registry } from 'prom-client';
import type { CallEnded, ServingObserver } from '../observer.ts';
import { instruments, type Instruments } from './instruments.ts';
import { OTHER, SeenNames } from './seen-names.ts';

/** Versions that are gone and still told of: their last figures are read, and weekly retrains do not add up. */
const GONE_KEPT = 20;

interface Named {
  model: string;
  version?: number | string | undefined;
  label?: string | undefined;
  signature?: string | undefined;
}

/** Counts what happens. Calls to models, versions, labels and signatures that are not there share one value each. */
export function servingMetrics(registry: Registry): ServingObserver {
  const measured = instruments(registry);
  const names = new Names();
  const states = new Map<string, string>();
  const gone: { model: string; version: string }[] = [];

  return {
    callEnded(call) {
      const { door, code, seconds, rows, cached } = call;
      // What was answered exists; what was refused may be anything that a caller thought of.
      if (code === 'OK') names.learn(call);
      const of = names.labels(call);
      measured.calls.inc({ door, ...of, code });
      if (code !== 'OK') return;
      measured.callSeconds.observe(of, seconds);
      measured.rows.inc(of, rows);
      const { model, version } = of;
      measured.cache.inc({ model, version, result: cached ? 'hit' : 'miss' });
    },

    batchEnded(batch) {
      const of = names.graph(batch);
      measured.batchRows.observe(of, batch.rows);
      measured.batchRequests.observe(of, batch.requests);
      measured.batchSeconds.observe(of, batch.seconds);
      measured.waitSeconds.observe(of, batch.waitedSeconds);
    },

    queueChanged(queue) {
      measured.queueLength.set(names.graph(queue), queue.length);
    },

    versionChanged(change) {
      names.learn(change);
      const { model, version } = names.labels(change);
      const { state, seconds } = change;
      const key = `${model} ${version}`;
      const before = states.get(key);
      if (before !== undefined) measured.versions.remove({ model, version, state: before });
      if (state !== 'END') {
        states.set(key, state);
        measured.versions.set({ model, version, state }, 1);
        if (seconds !== undefined) measured.loadSeconds.set({ model, version }, seconds);
        return;
      }
      states.delete(key);
      gone.push({ model, version });
      const oldest = gone.length > GONE_KEPT ? gone.shift() : undefined;
      if (oldest === undefined || states.has(`${oldest.model} ${oldest.version}`)) return;
      names.versions.remove(oldest.model, oldest.version);
      void forget(measured, oldest);
    },
  };
}

class Names {
  readonly #models = new SeenNames();
  readonly versions = new SeenNames();
  readonly #labels = new SeenNames();
  readonly #signatures = new SeenNames();

  learn({ model = '', version, label, signature }: Partial<Named>): void {
    this.#models.add('', model);
    this.versions.add(model, version?.toString());
    this.#labels.add(model, label);
    this.#signatures.add(model, signature);
  }

  labels({ model: given, version, label, signature }: Pick<CallEnded, 'model'> & Partial<Named>) {
    const model = given === undefined ? OTHER : this.#models.label('', given);
    return {
      model,
      version: this.versions.label(model, version?.toString()),
      label: this.#labels.label(model, label),
      signature: this.#signatures.label(model, signature),
    };
  }

  /** Of what the server itself has run. */
  graph(ran: { model: string; version: number; signature: string }) {
    this.learn(ran);
    const { model, version, signature } = this.labels(ran);
    return { model, version, signature };
  }
}

/** Takes all series of a version away. */
async function forget(measured: Instruments, gone: { model: string; version: string }): Promise<void> {
  for (const metric of Object.values(measured)) {
    const { values } = await metric.get();
    for (const { labels } of values) {
      // A bucket's bound is no label of the series that it belongs to.
      const { le: _bound, ...own } = labels as Record<string, string | number>;
      if (own['model'] === gone.model && own['version'] === gone.version) (metric as Gauge).remove(own);
    }
  }
}
