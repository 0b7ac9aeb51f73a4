import { z } from 'zod';
import type { Config } from '../config/config.ts';
import { channelName } from './rule.ts';

const PAGERDUTY = 'https://events.pagerduty.com/v2/enqueue';

const secret = z.string().min(1).max(500);
const address = z
  .string()
  .max(300)
  .regex(/^[^\s<>]+@[^\s<>]+$/, 'must be an address such as grid@example.org');
const url = z.url({
  protocol: /^https?$/,
  error: 'must be an address that begins with https:// (or http://)',
});

/** Where people are told, as they write it. Secrets may stand in the environment instead, docs/configuration.md. */
export const alertChannel = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('email'),
    host: z.string().min(1).max(300),
    port: z.number().int().min(1).max(65_535).default(587),
    security: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe('starttls and tls refuse a server without; none is for one on this host'),
    user: z.string().min(1).max(300).optional(),
    password: secret.optional().describe('Default: RINGWATT_SMTP_PASSWORD'),
    from: address,
    to: z.array(address).min(1).max(50),
  }),
  z.strictObject({
    kind: z.literal('slack'),
    url: url.optional().describe('Is a secret; default: RINGWATT_SLACK_WEBHOOK_URL'),
  }),
  z.strictObject({
    kind: z.literal('pager'),
    routing_key: secret.optional().describe('Default: RINGWATT_PAGER_ROUTING_KEY'),
    url: url.default(PAGERDUTY).describe('Of a service with the same API'),
  }),
  z.strictObject({
    kind: z.literal('webhook'),
    url: url.describe('May be a secret, and is treated as one'),
    secret: secret.optional().describe('Signs; default: RINGWATT_WEBHOOK_SECRET'),
  }),
]);
type Written = z.infer<typeof alertChannel>;

export const alertChannels = z.strictObject({ channels: z.record(channelName, alertChannel) });

export type EmailChannel = Extract<Written, { kind: 'email' }>;
export type SlackChannel = Extract<Written, { kind: 'slack' }> & { url: string };
export type PagerChannel = Extract<Written, { kind: 'pager' }> & { routing_key: string };
export type WebhookChannel = Extract<Written, { kind: 'webhook' }> & { secret: string };

/** A channel with all that it takes to use it. */
export type Channel = EmailChannel | SlackChannel | PagerChannel | WebhookChannel;

export type ChannelSecrets = Pick<
  Config,
  'smtpPassword' | 'slackWebhookUrl' | 'pagerRoutingKey' | 'webhookSecret'
>;

/** A channel with its secrets, or what it lacks. */
export function completed(written: Written, secrets: ChannelSecrets): Channel | { lacks: string } {
  switch (written.kind) {
    case 'email': {
      const password = written.password ?? secrets.smtpPassword;
      return written.user !== undefined && password === undefined
        ? { lacks: 'password, or RINGWATT_SMTP_PASSWORD' }
        : { ...written, password };
    }
    case 'slack': {
      const hook = written.url ?? secrets.slackWebhookUrl;
      return hook === undefined ? { lacks: 'url, or RINGWATT_SLACK_WEBHOOK_URL' } : { ...written, url: hook };
    }
    case 'pager': {
      const key = written.routing_key ?? secrets.pagerRoutingKey;
      return key === undefined
        ? { lacks: 'routing_key, or RINGWATT_PAGER_ROUTING_KEY' }
        : { ...written, routing_key: key };
    }
    case 'webhook': {
      const signs = written.secret ?? secrets.webhookSecret;
      return signs === undefined
        ? { lacks: 'secret, or RINGWATT_WEBHOOK_SECRET' }
        : { ...written, secret: signs };
    }
  }
}

/** What of a channel nobody else may read. */
export function secretsOf(channel: Channel): string[] {
  switch (channel.kind) {
    case 'email':
      return channel.password === undefined ? [] : [channel.password];
    case 'slack':
      return [channel.url, ...pathOf(channel.url)];
    case 'pager':
      return [channel.routing_key];
    case 'webhook':
      return [channel.secret, channel.url, ...pathOf(channel.url)];
  }
}

const pathOf = (text: string) => [new URL(text).pathname].filter((path) => path.length > 1);
