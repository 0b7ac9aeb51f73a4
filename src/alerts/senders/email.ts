import { SourceFaultError, messageOf } from '../../errors.ts';
import { redact } from '../../sources/redaction.ts';
import { secretsOf, type EmailChannel } from '../channel.ts';
import type { Delivery } from '../state.ts';
import { headline, sentences } from './wording.ts';

const TIMEOUT_MS = 20_000;

async function transportTo({ host, port, security, user, password }: EmailChannel) {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user === undefined ? {} : { auth: { user, pass: password } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** The Message-ID is the delivery's: mail programs show what comes twice once, and an incident as one thread. */
export async function sendByEmail(
  channel: EmailChannel,
  { id, notice }: Delivery,
  signal: AbortSignal,
): Promise<void> {
  await withTransport(channel, signal, async (transport) => {
    const sent = await transport.sendMail({
      from: channel.from,
      to: channel.to,
      subject: headline(notice),
      text: `${sentences(notice, id).join('\n')}\n`,
      messageId: `<${id}@ringwatt>`,
      references: `<${notice.incident}@ringwatt>`,
      headers: { 'X-Ringwatt-Delivery': id, 'Auto-Submitted': 'auto-generated' },
    });
    // The server takes a message that only some of its recipients will get.
    const refused = sent.rejected.length;
    if (refused > 0) throw new Error(`${refused} of ${channel.to.length} recipients were refused`);
  });
}

/** Whether the server lets us in; nothing is sent. */
export const verifyEmail = (channel: EmailChannel, signal: AbortSignal): Promise<void> =>
  withTransport(channel, signal, async (transport) => {
    await transport.verify();
  });

async function withTransport(
  channel: EmailChannel,
  signal: AbortSignal,
  work: (transport: Awaited<ReturnType<typeof transportTo>>) => Promise<void>,
): Promise<void> {
  const transport = await transportTo(channel);
  const close = () => transport.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    await work(transport);
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
