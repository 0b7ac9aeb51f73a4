import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** What a receiver does with a request: takes it, fails with a status, hangs up, or never answers. */
export type Mood = 'take' | 'drop' | 'hang' | number;

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  json: Record<string, unknown>;
  taken: boolean;
}

/** A real server on this host that follows a script and takes everything after it. */
export class HttpReceiver {
  readonly received: Received[] = [];
  readonly #server: Server;
  moods: Mood[] = [];
  /** What it says when it takes something. */
  says = 'ok';

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(...moods: Mood[]): Promise<HttpReceiver> {
    const server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      request.on('end', () => {
        const mood = receiver.moods.shift() ?? 'take';
        const json = JSON.parse(text) as Record<string, unknown>;
        const { url: path = '', headers } = request;
        receiver.received.push({ path, headers, text, json, taken: mood === 'take' });
        if (mood === 'drop') response.destroy();
        else if (mood === 'take') response.writeHead(200).end(receiver.says);
        // As a careless receiver does: it repeats what it was sent, address and all.
        else if (typeof mood === 'number') response.writeHead(mood).end(`${mood} ${path} ${text}`);
      });
    });
    const receiver = new HttpReceiver(server);
    receiver.moods = moods;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get taken(): Received[] {
    return this.received.filter(({ taken }) => taken);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A real mail server without encryption: it lets one user in, and refuses as many messages as it is told. */
export class MailReceiver {
  readonly messages: { from: string; to: string[]; source: string }[] = [];
  readonly #server: SMTPServer;
  refusals = 0;

  private constructor(server: SMTPServer) {
    this.#server = server;
  }

  static async open({ user, password }: { user: string; password: string }): Promise<MailReceiver> {
    const server: SMTPServer = new SMTPServer({
      authOptional: false,
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      onAuth: ({ username, password: given }, _session, done) =>
        username === user && given === password
          ? done(null, { user })
          : done(new Error(`Invalid username or password ${given}`)),
      onRcptTo: ({ address }, _session, done) =>
        done(address.startsWith('nobody@') ? new Error('No such mailbox') : null),
      onData(stream, { envelope }, done) {
        let source = '';
        stream.setEncoding('utf8');
        stream.on('data', (piece: string) => (source += piece));
        stream.on('end', () => {
          if (receiver.refusals > 0) {
            receiver.refusals -= 1;
            done(Object.assign(new Error('Try again later'), { responseCode: 451 }));
            return;
          }
          const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
          receiver.messages.push({ from, to: envelope.rcptTo.map(({ address }) => address), source });
          done();
        });
      },
    });
    const receiver = new MailReceiver(server);
    server.on('error', () => {});
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
