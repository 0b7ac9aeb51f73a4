import type { Cluster, Worker } from 'node:cluster';
import type { Registry } from 'prom-client';
import { messageOf } from '../../../errors.ts';
import type { MetricJson } from '../live/totals.ts';
import { Departed, together } from './departed.ts';
import { figuresOf, jsonOf, type Figures } from './figures.ts';
import { figuresMessage, type FiguresMessage } from './messages.ts';

/** A process that computes for so long without a pause is left out of this look. */
const ANSWER_MS = 1000;

type Workers = Pick<Cluster, 'workers' | 'on' | 'off'>;

/**
 * In the process that supervises: asks all that serve, sums, and answers whichever of them is asked from outside. `own`
 * is what is measured here, once for all of them.
 */
export function figuresOfWorkers(
  cluster: Workers,
  broken: (error: unknown) => void,
  own?: Registry,
): Figures {
  const departed = new Departed();
  const waiting = new Map<string, (metrics: MetricJson[] | undefined) => void>();
  let asks = 0;

  const ask = (worker: Worker): Promise<MetricJson[]> => {
    const id = ++asks;
    return new Promise((resolve) => {
      const key = `${worker.id} ${id}`;
      const done = (metrics: MetricJson[] | undefined) => {
        clearTimeout(timer);
        waiting.delete(key);
        resolve(metrics ?? departed.lastOf(worker.id));
      };
      const timer = setTimeout(done, ANSWER_MS, undefined);
      waiting.set(key, done);
      send(worker, { kind: 'figures/collect', id });
    });
  };
  const collect = async () => {
    const alive = Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected() === true);
    const metrics = await Promise.all(alive.map((worker) => ask(worker!)));
    return together([departed.metrics, ...(own ? [await jsonOf(own)] : []), ...metrics]);
  };
  const figures = figuresOf(collect, broken);

  const onMessage = (worker: Worker, raw: unknown) => {
    const message = figuresMessage(raw);
    if (message?.kind === 'figures/collected') {
      departed.saw(worker.id, message.metrics);
      waiting.get(`${worker.id} ${message.id}`)?.(message.metrics);
    } else if (message?.kind === 'figures/text?') {
      void answer(worker, message.id, async () => ({ text: await figures.metricsOfAll() }));
    } else if (message?.kind === 'figures/live?') {
      void answer(worker, message.id, async () => ({ live: await figures.live(message.asked) }));
    }
  };
  const onExit = (worker: Worker) => departed.ended(worker.id);
  cluster.on('message', onMessage).on('exit', onExit);
  return {
    ...figures,
    close() {
      figures.close();
      cluster.off('message', onMessage).off('exit', onExit);
    },
  };
}

async function answer(
  worker: Worker,
  id: number,
  work: () => Promise<Omit<FiguresMessage & { kind: 'figures/answer' }, 'kind' | 'id'>>,
): Promise<void> {
  const said = await work().catch((error: unknown) => ({ problem: messageOf(error) }));
  send(worker, { kind: 'figures/answer', id, ...said });
}

/** One that has just ended takes no message; its end is told by itself. */
function send(worker: Worker, message: FiguresMessage): void {
  if (worker.isConnected()) worker.send(message, () => {});
}
