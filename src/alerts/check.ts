import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { UnavailableError, messageOf } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import type { Channel, ChannelSecrets } from './channel.ts';
import { readChannels } from './channels.ts';
import { defaultRules } from './default-rules.ts';
import { readRules } from './rules.ts';
import { readAlerts } from './store.ts';

export interface CheckedRule {
  rule: string;
  condition: string;
  channels: string[];
  /** Of its channels, those that are not configured: they would not be told. */
  missing: string[];
  /** Facts that it names, that nothing here observes by itself, and that nobody has observed so far: a slip of the pen? */
  unseen: string[];
}

export interface CheckedChannel {
  channel: string;
  kind: string;
  /** Null: it can be reached. */
  trouble: string | null;
}

export interface Check {
  rules: CheckedRule[];
  channels: CheckedChannel[];
  ok: boolean;
}

/** Reads rules and channels, and goes to every channel's door without telling it anything. */
export async function checkAlerts(
  home: Home,
  config: ChannelSecrets,
  { signal, patienceMs = 5000 }: { signal: AbortSignal; patienceMs?: number },
): Promise<Check> {
  const [rules, channels, { seen }] = await Promise.all([
    readRules(home),
    readChannels(home, config),
    readAlerts(home),
  ]);
  const ours = new Set([...defaultRules().values()].flatMap((rule) => rule?.names ?? []));
  const checkedRules = rules.map(({ name, condition, names, notification, escalateTo }) => {
    const wanted = [...new Set([...notification, ...escalateTo])];
    return {
      rule: name,
      condition,
      channels: wanted,
      missing: wanted.filter((channel) => !channels.has(channel)),
      unseen: names.filter((fact) => !Object.hasOwn(seen, fact) && !ours.has(fact)),
    };
  });
  const checkedChannels = await Promise.all(
    [...channels].map(async ([name, channel]) => ({
      channel: name,
      kind: channel.kind,
      trouble: await reach(channel, signal, patienceMs).then(() => null, messageOf),
    })),
  );
  const ok =
    checkedRules.every(({ missing }) => missing.length === 0) &&
    checkedChannels.every(({ trouble }) => trouble === null);
  return { rules: checkedRules, channels: checkedChannels, ok };
}

/** A mail server is greeted and logged in to; of the others the host must answer at its port. */
async function reach(channel: Channel, signal: AbortSignal, patienceMs: number): Promise<void> {
  if (channel.kind === 'email') {
    const { verifyEmail } = await import('./senders/email.ts');
    return verifyEmail(channel, { signal, patienceMs });
  }
  const { protocol, hostname, port, host } = new URL(channel.url);
  const secure = protocol === 'https:';
  const where = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (secure ? 443 : 80)),
    timeout: patienceMs,
  };
  await new Promise<void>((resolve, reject) => {
    const fail = (what: string) => {
      socket.destroy();
      reject(
        new UnavailableError(`${host} cannot be reached: ${what}.`, 'Check the address and the network.'),
      );
    };
    const done = () => {
      socket.destroy();
      resolve();
    };
    const socket = secure
      ? connectTls({ ...where, servername: where.host }, done)
      : connectPlain(where, done);
    socket.once('error', (error) => fail(error.message)).once('timeout', () => fail('it does not answer'));
    signal.addEventListener('abort', () => fail('stopped'), { once: true });
  });
}
