import type { Registry } from 'prom-client';
import type { BatchEnded, CallEnded, QueueState, ServingObserver } from '../observer.ts';
import { instruments, type Instruments } from './instruments.ts';
import { OTHER, SeenNames } from './seen-names.ts';
import type { Labels, NumberSeries } from './series.ts';

/** Versions that are gone and still told of: their last figures are read, and weekly retrains do not add up. */
const GONE_KEPT = 20;
const MOST_FOUND = 2000;

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
  const answered = new Found((key: AnsweredKey) => answeredSeries(measured, names, key));
  const ran = new Found((key: GraphKey) => graphSeries(measured, names, key));
  const lengths = new WeakMap<QueueState, NumberSeries>();
  const states = new Map<string, NumberSeries>();
  const gone: { model: string; version: string }[] = [];
  const forget = (isGone: (labels: Labels) => boolean) => {
    for (const metric of Object.values(measured)) metric.forget(isGone);
    answered.clear();
    ran.clear();
  };

  return {
    callEnded(call) {
      const { door, code, seconds, rows, cached } = call;
      if (code !== 'OK') {
        // What was refused may be anything that a caller thought of.
        measured.calls.series({ door, ...names.labels(call), code }).value += 1;
        return;
      }
      const of = answered.of(
        `${door}\0${call.version}\0${call.label ?? ''}\0${call.signature}\0${call.model}`,
        call,
      );
      of.calls.value += 1;
      of.seconds.observe(seconds);
      of.rows.value += rows;
      if (cached !== undefined) (cached ? of.hits() : of.misses()).value += 1;
    },

    batchEnded(batch) {
      const of = ran.of(`${batch.version}\0${batch.signature}\0${batch.model}`, batch);
      of.rows.observe(batch.rows);
      of.requests.observe(batch.requests);
      of.seconds.observe(batch.seconds);
      of.waited.observe(batch.waitedSeconds);
    },

    queueChanged(queue) {
      let of = lengths.get(queue);
      if (!of) lengths.set(queue, (of = measured.queueLength.series(names.graph(queue))));
      of.value = queue.length;
    },

    versionChanged(change) {
      names.learn(change);
      const { model, version } = names.labels(change);
      const { state, seconds } = change;
      const key = `${model} ${version}`;
      const before = states.get(key);
      if (before) measured.versions.forget((labels) => labels === before.labels);
      if (state !== 'END') {
        const now = measured.versions.series({ model, version, state });
        now.value = 1;
        states.set(key, now);
        if (seconds !== undefined) measured.loadSeconds.series({ model, version }).value = seconds;
        return;
      }
      states.delete(key);
      gone.push({ model, version });
      const oldest = gone.length > GONE_KEPT ? gone.shift() : undefined;
      if (oldest === undefined || states.has(`${oldest.model} ${oldest.version}`)) return;
      names.versions.remove(oldest.model, oldest.version);
      forget((labels) => labels['model'] === oldest.model && labels['version'] === oldest.version);
    },
  };
}

type AnsweredKey = Pick<CallEnded, 'door' | 'model'> & Partial<Named>;
type GraphKey = Pick<BatchEnded, 'model' | 'version' | 'signature'>;

function answeredSeries(measured: Instruments, names: Names, call: AnsweredKey) {
  // What was answered exists.
  names.learn(call);
  const of = names.labels(call);
  const { model, version } = of;
  const cache = (result: 'hit' | 'miss') => {
    let found: NumberSeries | undefined;
    return () => (found ??= measured.cache.series({ model, version, result }));
  };
  return {
    calls: measured.calls.series({ door: call.door, ...of, code: 'OK' }),
    seconds: measured.callSeconds.series(of),
    rows: measured.rows.series(of),
    hits: cache('hit'),
    misses: cache('miss'),
  };
}

function graphSeries(measured: Instruments, names: Names, batch: GraphKey) {
  const of = names.graph(batch);
  return {
    rows: measured.batchRows.series(of),
    requests: measured.batchRequests.series(of),
    seconds: measured.batchSeconds.series(of),
    waited: measured.waitSeconds.series(of),
  };
}

/** What was found before for the same names. */
class Found<Key, Value> {
  readonly #find: (key: Key) => Value;
  readonly #found = new Map<string, Value>();

  constructor(find: (key: Key) => Value) {
    this.#find = find;
  }

  of(names: string, key: Key): Value {
    const found = this.#found.get(names);
    if (found) return found;
    // Names beyond those that are told apart share their series: they may be many.
    if (this.#found.size >= MOST_FOUND) this.#found.clear();
    const made = this.#find(key);
    this.#found.set(names, made);
    return made;
  }

  clear(): void {
    this.#found.clear();
  }
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
