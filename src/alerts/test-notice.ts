import { randomUUID } from 'node:crypto';
import { BadInputError, SourceFaultError, UnavailableError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import type { ChannelSecrets } from './channel.ts';
import { CHANNELS_URI, readChannels } from './channels.ts';
import { send } from './senders/send.ts';
import type { Delivery, Notice } from './state.ts';

/** Tells a channel that this is a test, at once and once; a pager is told of its end as well, or it would ring on. */
export async function sendTest(
  home: Home,
  config: ChannelSecrets,
  { channel: name, signal }: { channel: string; signal: AbortSignal },
): Promise<{ id: string; says: string }> {
  const channels = await readChannels(home, config);
  const channel = channels.get(name);
  if (!channel) {
    const known = [...channels.keys()].join(', ');
    throw new BadInputError(
      `There is no channel ${JSON.stringify(name)}.`,
      known === '' ? 'None is configured: docs/alerts.md says how.' : `Name one of ${known}.`,
    );
  }
  const now = new Date().toISOString();
  const incident = `test-${randomUUID()}`;
  const noticeOf = (kind: Notice['kind']): Notice => ({
    ...{
      kind,
      incident,
      rule: 'test',
      model: 'channel',
      labels: { channel: name },
      severity: 'info',
      condition: '',
      facts: {},
    },
    says: 'Somebody asked for a test of this channel. Nothing is wrong.',
    ...{ since: now, asOf: now, at: now, simulated: false },
  });
  const deliveryOf = (kind: Notice['kind']): Delivery => ({
    ...{ id: `${incident}-${kind}`, channel: name, notice: noticeOf(kind), state: 'waiting', attempts: 0 },
    ...{ createdAt: Date.now(), nextAt: Date.now(), claim: null, settledAt: null, says: '' },
  });
  const sending = { signal, patienceMs: 20_000 };
  const attempt = (kind: Notice['kind']) =>
    send(channel, deliveryOf(kind), sending).catch((error: unknown) => {
      signal.throwIfAborted();
      throw notTaken(error, name);
    });
  const says = await attempt('test');
  if (channel.kind === 'pager') await attempt('recovered');
  return { id: `${incident}-test`, says };
}

/** What alerts try again for a day is tried once here: somebody waits for the answer. */
function notTaken(error: unknown, name: string): unknown {
  if (!(error instanceof SourceFaultError)) return error;
  return new UnavailableError(
    error.message,
    `A test is sent once: put right what it says of ${name} in ${CHANNELS_URI} or at its server, and test again.`,
    { cause: error },
  );
}
