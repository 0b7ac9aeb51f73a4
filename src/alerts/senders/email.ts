import { SourceFaultError, messageOf } from '../../errors.ts';
import { redact } from '../../sources/redaction.ts';
import { secretsOf, type EmailChannel } from '../channel.ts';
import type { Delivery } from '../state.ts';
import type { Sending } from './post.ts';
import { headline, sentences } from './wording.ts';

async function transportTo({ host, port, security, user, password }: EmailChannel, patienceMs: number) {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user === undefined ? {} : { auth: { user, pass: password } }),
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** The Message-ID is the delivery's: mail programs show what comes twice once, and an incident as one thread. */
export async function sendByEmail(
  channel: EmailChannel,
  { id, notice }: Delivery,
  sending: Sending,
): Promise<string> {
  return withTransport(channel, sending, async (transport) => {
    const sent = await transport.sendMail({
      from: channel.from,
      to: channel.to,
      subject: headline(notice),
      text: `${sentences(notice, id).join('\n')}\n`,
      messageId: `<${id}@ringwatt>`,
      references: `<${notice.incident}@ringwatt>`,
      headers: { 'X-Ringwatt-Delivery': id, 'Auto-Submitted': 'auto-generated' },
    });
    // The others have it: to try again would tell them once more, for a day.
    const refused = sent.rejected.length;
    return refused === 0 ? '' : `${refused} of ${channel.to.length} recipients were refused by the server`;
  });
}

/** Whether the server lets us in; nothing is sent. */
export const verifyEmail = (channel: EmailChannel, sending: Sending): Promise<void> =>
  withTransport(channel, sending, async (transport) => {
    await transport.verify();
  });

async function withTransport<Result>(
  channel: EmailChannel,
  { signal, patienceMs }: Sending,
  work: (transport: Awaited<ReturnType<typeof transportTo>>) => Promise<Result>,
): Promise<Result> {
  const transport = await transportTo(channel, patienceMs);
  const close = () => transport.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    return await work(transport);
  } catch (error) {
    signal.throwIfAborted();
    const what = redact(Buffer.from(messageOf(error)), secretsOf(channel))
      .toString('utf8')
      .slice(0, 300);
    throw new SourceFaultError(
      `${channel.host}:${channel.port} did not take it: ${what}.`,
      'It is tried again.',
    );
  } finally {
    signal.removeEventListener('abort', close);
    transport.close();
  }
}
