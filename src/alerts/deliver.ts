import { DeliveryWaitsError } from '../errors.ts';
import type { DeliveryOutcome } from '../contracts/alerts.ts';
import type { Home } from '../lake/home.ts';
import type { ChannelSecrets } from './channel.ts';
import { readChannels } from './channels.ts';
import { send } from './senders/send.ts';
import { claim, release, settleFailed, settleSent } from './machine/outbox.ts';
import type { Delivery } from './state.ts';
import { changeAlerts } from './store.ts';

export interface DeliverOptions {
  home: Home;
  config: ChannelSecrets;
  /** The real clock, in milliseconds. */
  now: () => number;
  /** Names who sends, so that of two processes one does. */
  by: string;
  signal: AbortSignal;
  /** Milliseconds that a receiver may take for each of its steps. */
  patienceMs?: number;
}

const PATIENCE_MS = 20_000;

/**
 * One attempt to send what waits in the outbox. It is marked as sent only after the channel has taken it: whoever dies
 * in between sends it again, under the same id. `DeliveryWaitsError` when it is to be tried later.
 */
export async function deliver(options: DeliverOptions, id: string): Promise<DeliveryOutcome> {
  const { home, config, now, by, signal } = options;
  const claimed = await changeAlerts(home, (state) => {
    const found = claim(state, id, by, now());
    return { state: found.kind === 'send' ? found.state : state, result: found };
  });
  if (claimed.kind === 'gone') return { state: 'given-up', says: 'It was forgotten: too many wait.' };
  if (claimed.kind === 'settled') return outcomeOf(claimed.delivery);
  if (claimed.kind === 'wait') throw new DeliveryWaitsError(`${id}: ${claimed.why}.`, claimed.until);
  const { delivery } = claimed;
  let says: string;
  try {
    const channel = (await readChannels(home, config)).get(delivery.channel);
    if (!channel) throw new Error(`no channel ${delivery.channel}`);
    says = await send(channel, delivery, { signal, patienceMs: options.patienceMs ?? PATIENCE_MS });
  } catch (error) {
    if (signal.aborted) {
      await changeAlerts(home, (state) => ({ state: release(state, id), result: undefined }));
      signal.throwIfAborted();
    }
    return failed(options, id, reasonOf(error));
  }
  return changeAlerts(home, (state) => ({
    state: settleSent(state, id, now(), says),
    result: { state: 'sent' as const, says },
  }));
}

async function failed({ home, now }: DeliverOptions, id: string, why: string): Promise<DeliveryOutcome> {
  const after = await changeAlerts(home, (before) => {
    const state = settleFailed(before, id, why, now());
    return { state, result: state.outbox.find((each) => each.id === id) };
  });
  if (after?.state === 'waiting') {
    throw new DeliveryWaitsError(
      `${after.channel} was not told (attempt ${after.attempts}): ${why}.`,
      after.nextAt,
    );
  }
  return after ? outcomeOf(after) : { state: 'given-up', says: why };
}

/** Without its cure and its full stop: it stands in a sentence, and what to do is another one's to say. */
const reasonOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');

const outcomeOf = ({ state, says }: Delivery): DeliveryOutcome => ({
  state: state === 'waiting' ? 'given-up' : state,
  says,
});
