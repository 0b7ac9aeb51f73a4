import type { Registry } from 'prom-client';
import { UnavailableError } from '../../../errors.ts';
import { jsonOf, type Figures } from './figures.ts';
import { figuresMessage, type FiguresMessage } from './messages.ts';

type Answer = FiguresMessage & { kind: 'figures/answer' };

/** The supervisor waits for each of its processes before it answers. */
const ANSWER_MS = 5000;

/** In a process that serves beside others: answers the supervisor about itself, and asks it about all. */
export function figuresFromSupervisor(registry: Registry): Figures {
  const waiting = new Map<number, (answer: Answer) => void>();
  let asks = 0;

  const tell = (message: FiguresMessage) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  };
  const ask = (message: (id: number) => FiguresMessage): Promise<Answer> => {
    const id = ++asks;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new UnavailableError('The supervisor does not answer.', 'Look at the log of `serve`.'));
      }, ANSWER_MS);
      waiting.set(id, (answer) => {
        clearTimeout(timer);
        waiting.delete(id);
        if (answer.problem === undefined) resolve(answer);
        else reject(new UnavailableError(answer.problem, 'Look at the log of `serve`.'));
      });
      tell(message(id));
    });
  };
  const onMessage = (raw: unknown) => {
    const message = figuresMessage(raw);
    if (message?.kind === 'figures/answer') waiting.get(message.id)?.(message);
    if (message?.kind !== 'figures/collect') return;
    const { id } = message;
    void jsonOf(registry).then((metrics) => tell({ kind: 'figures/collected', id, metrics }));
  };
  process.on('message', onMessage);
  return {
    metricsOfAll: async () => (await ask((id) => ({ kind: 'figures/text?', id }))).text!,
    live: async (asked) => (await ask((id) => ({ kind: 'figures/live?', id, asked }))).live!,
    close: () => void process.off('message', onMessage),
  };
}
