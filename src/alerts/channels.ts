import type { z } from 'zod';
import { BadInputError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { alertChannel, alertChannels, completed, type Channel, type ChannelSecrets } from './channel.ts';
import { readYaml } from './yaml-file.ts';

export const CHANNELS_URI = 'alerts/channels.yaml';

/**
 * The channels of a home: those of its file, and `slack` and `pager` where the environment alone says all there is to
 * say of them. One that lacks something is wrong, not absent: whoever wrote it counts on it.
 */
export async function readChannels(home: Home, secrets: ChannelSecrets): Promise<Map<string, Channel>> {
  const path = home.path(CHANNELS_URI);
  const example = '`channels: {slack: {kind: slack}}`';
  const own = await readYaml(path, alertChannels, { example, secret: true });
  return completedAll({ ...own?.channels }, secrets, path);
}

function completedAll(
  written: z.infer<typeof alertChannels>['channels'],
  secrets: ChannelSecrets,
  path: string,
): Map<string, Channel> {
  if (secrets.slackWebhookUrl !== undefined) written['slack'] ??= alertChannel.parse({ kind: 'slack' });
  if (secrets.pagerRoutingKey !== undefined) written['pager'] ??= alertChannel.parse({ kind: 'pager' });
  return new Map(
    Object.entries(written).map(([name, each]) => {
      const channel = completed(each, secrets);
      if (!('lacks' in channel)) return [name, checked(name, channel)];
      throw new BadInputError(
        `${path} is wrong: channels.${name} lacks ${channel.lacks}.`,
        'Give it, or take the channel out.',
      );
    }),
  );
}

/** An address from the environment has passed no contract yet. */
function checked(name: string, channel: Channel): Channel {
  if (channel.kind !== 'slack' || alertChannel.safeParse(channel).success) return channel;
  throw new BadInputError(
    `The address of channel ${name} is none.`,
    'Set RINGWATT_SLACK_WEBHOOK_URL to one that begins with https://.',
  );
}

export interface ChannelsInForce {
  channels: Map<string, Channel>;
  /** Why the file does not count, where it does not. */
  trouble: string | null;
}

/** For what must go on: while the file is wrong, only what the environment says by itself is there. */
export async function channelsInForce(home: Home, secrets: ChannelSecrets): Promise<ChannelsInForce> {
  try {
    return { channels: await readChannels(home, secrets), trouble: null };
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error;
    return { channels: fromEnvironment(secrets), trouble: error.line };
  }
}

function fromEnvironment(secrets: ChannelSecrets): Map<string, Channel> {
  try {
    return completedAll({}, secrets, CHANNELS_URI);
  } catch (error) {
    // What is wrong is the environment itself, which the trouble names.
    if (error instanceof BadInputError) return new Map();
    throw error;
  }
}
