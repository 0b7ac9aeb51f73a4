import type { Channel } from '../channel.ts';
import type { Delivery } from '../state.ts';

/** Hands a delivery to its channel; it throws unless the channel has taken it. Libraries are loaded by who needs them. */
export async function send(channel: Channel, delivery: Delivery, signal: AbortSignal): Promise<void> {
  switch (channel.kind) {
    case 'email':
      return (await import('./email.ts')).sendByEmail(channel, delivery, signal);
    case 'slack':
      return (await import('./slack.ts')).sendToSlack(channel, delivery, signal);
    case 'pager':
      return (await import('./pager.ts')).sendToPager(channel, delivery, signal);
    case 'webhook':
      return (await import('./webhook.ts')).sendToWebhook(channel, delivery, signal);
  }
}
