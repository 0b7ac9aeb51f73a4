import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Receivers extends AsyncDisposable {
  /** As the home's file of channels has them. */
  channels: Record<string, object>;
  /** Mails and requests that came in. */
  readonly received: number;
}

/** A mail server, a Slack-compatible webhook and a pager service on this machine: what they count was really sent. */
export async function startReceivers(): Promise<Receivers> {
  let received = 0;
  const http = createServer((request, response) => {
    request.resume().on('end', () => {
      received += 1;
      response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"success"}');
    });
  });
  const mail = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, _session, callback) {
      stream.resume().on('end', () => {
        received += 1;
        callback();
      });
    },
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => mail.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${portOf(http)}`;
  return {
    channels: {
      email: {
        ...{ kind: 'email', host: '127.0.0.1', port: portOf(mail.server), security: 'none' },
        ...{ from: 'ringwatt@example.org', to: ['grid@example.org'] },
      },
      slack: { kind: 'slack', url: `${url}/slack` },
      pager: { kind: 'pager', url: `${url}/pager`, routing_key: 'simulated' },
    },
    get received() {
      return received;
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise<void>((resolve) => http.close(() => resolve()));
      await new Promise<void>((resolve) => mail.close(() => resolve()));
    },
  };
}

const portOf = (server: Pick<Server, 'address'>) => (server.address() as AddressInfo).port;
