import type { Channel } from '../channel.ts';
import type { Sending } from './post.ts';
import type { Delivery } from '../state.ts';

/**
 * Hands a delivery to its channel, and answers what there is to say of it; it throws unless the channel has taken it.
 * Libraries are loaded by who needs them.
 */
export async function send(channel: Channel, delivery: Delivery, sending: Sending): Promise<string> {
  switch (channel.kind) {
    case 'email':
      return (await import('./email.ts')).sendByEmail(channel, delivery, sending);
    case 'slack':
      await (await import('./slack.ts')).sendToSlack(channel, delivery, sending);
      return '';
    case 'pager':
      await (await import('./pager.ts')).sendToPager(channel, delivery, sending);
      return '';
    case 'webhook':
      await (await import('./webhook.ts')).sendToWebhook(channel, delivery, sending);
      return '';
  }
}
