import { createHmac } from 'node:crypto';
import type { WebhookChannel } from '../channel.ts';
import type { Delivery } from '../state.ts';
import { post, type Sending } from './post.ts';
import { headline } from './wording.ts';

/**
 * Any receiver: the whole notice as JSON, signed. The signature is over the time it was sent and the body, so that
 * neither can be changed and an old one cannot be sent anew: `v1=` HMAC-SHA256 of `<timestamp>.<body>`, in hex.
 */
export async function sendToWebhook(
  channel: WebhookChannel,
  { id, notice }: Delivery,
  sending: Sending,
): Promise<void> {
  const body = JSON.stringify({ delivery: id, headline: headline(notice), ...notice });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', channel.secret).update(`${timestamp}.${body}`).digest('hex');
  await post(channel, body, sending, {
    'x-ringwatt-delivery': id,
    'x-ringwatt-timestamp': timestamp,
    'x-ringwatt-signature': `v1=${signature}`,
  });
}
