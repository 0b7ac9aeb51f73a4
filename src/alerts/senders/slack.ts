import { SourceFaultError } from '../../errors.ts';
import type { SlackChannel } from '../channel.ts';
import type { Delivery, Notice } from '../state.ts';
import { post, type Sending } from './post.ts';
import { headline, sentences } from './wording.ts';

const MARKS: Record<Notice['severity'], string> = {
  critical: ':red_circle:',
  warning: ':large_orange_circle:',
  info: ':large_blue_circle:',
};
/** Of a section's text, in Slack. */
const MOST_LETTERS = 2900;

/** A Slack-compatible incoming webhook. It has no way to recognise a repetition: the delivery's id is in the text. */
export async function sendToSlack(
  channel: SlackChannel,
  { id, notice }: Delivery,
  sending: Sending,
): Promise<void> {
  const mark = notice.kind === 'recovered' ? ':large_green_circle:' : MARKS[notice.severity];
  const title = escaped(headline(notice));
  const lines = sentences(notice, id).map(escaped);
  const body = {
    // What notifications and receivers without blocks show.
    text: `${mark} ${title}`,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: `${mark} *${title}*` } },
      {
        type: 'section',
        text: { type: 'mrkdwn', text: lines.slice(0, -1).join('\n').slice(0, MOST_LETTERS) },
      },
      { type: 'context', elements: [{ type: 'mrkdwn', text: lines.at(-1)! }] },
    ],
  };
  const answer = await post(channel, JSON.stringify(body), sending);
  // Slack says ok in words; others answer nothing, or JSON. A page of HTML is a proxy or a wrong address.
  if (!/^\s*</.test(answer)) return;
  throw new SourceFaultError(`${new URL(channel.url).host} answers with a page.`, 'Check the address.');
}

/** The three letters that Slack's markup takes for its own. */
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
