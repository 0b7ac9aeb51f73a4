import { randomUUID } from 'node:crypto';
import { BadInputError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import type { ChannelSecrets } from './channel.ts';
import { readChannels } from './channels.ts';
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
      model: 'none',
      labels: {},
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
  const says = await send(channel, deliveryOf('test'), sending);
  if (channel.kind === 'pager') await send(channel, deliveryOf('recovered'), sending);
  return { id: `${incident}-test`, says };
}
