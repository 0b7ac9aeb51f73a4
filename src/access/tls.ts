import type { SecureContextOptions, TlsOptions as NodeTlsOptions } from 'node:tls';
import { messageOf } from '../errors.ts';
import type { Logger } from '../stages/context.ts';
import type { AccessOptions } from './options.ts';
import { readServingTls, tlsFilesIdentity, type ServingTls } from './tls-files.ts';

/** How soon a renewed certificate is shown. */
const CHECK_MS = 5000;
const DAY_MS = 86_400_000;
/** How long before its end a certificate is talked about. */
const WARN_DAYS = 14;

type Log = Pick<Logger, 'info' | 'warn' | 'error'>;
interface Reloadable {
  setSecureContext(options: SecureContextOptions): void;
}

/** What doors need to speak TLS, and to go on doing so when files are renewed under them. */
export interface DoorTls extends AsyncDisposable {
  /** For Fastify's `https`, or a server of `node:tls`; hand the server to `follow` afterwards. */
  httpsOptions(): NodeTlsOptions;
  /** Renewed certificates are shown to whoever connects from then on; nobody who is connected is cut off. */
  follow(server: Reloadable): void;
  /** Looks at the files now rather than within seconds. */
  check(): Promise<void>;
}

/** @throws BadInputError naming the file and what is wrong with it */
export async function openTls(
  options: NonNullable<AccessOptions['tls']>,
  log: Log,
  { checkMs = CHECK_MS } = {},
): Promise<DoorTls> {
  const identity = await tlsFilesIdentity(options);
  const files = await readServingTls(options);
  const opened = new OpenedTls(options, files, identity, log);
  opened.watch(checkMs);
  return opened;
}

class OpenedTls implements DoorTls {
  readonly #options: NonNullable<AccessOptions['tls']>;
  readonly #log: Log;
  readonly #servers = new Set<Reloadable>();
  #files: ServingTls;
  #identity: string;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> | undefined;
  #warnedOn = '';
  /** Of files that cannot be used, so that the log has it once. */
  #problem: string | undefined;

  constructor(options: NonNullable<AccessOptions['tls']>, files: ServingTls, identity: string, log: Log) {
    this.#options = options;
    this.#files = files;
    this.#identity = identity;
    this.#log = log;
    this.#warnOfEnd();
  }

  watch(everyMs: number): void {
    this.#timer = setInterval(() => void this.check(), everyMs).unref();
  }

  httpsOptions(): NodeTlsOptions {
    const mutual = this.#files.clientCa !== undefined;
    return { ...this.#context(), requestCert: mutual, rejectUnauthorized: mutual };
  }

  follow(server: Reloadable): void {
    this.#servers.add(server);
  }

  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#checking;
  }

  async #check(): Promise<void> {
    this.#warnOfEnd();
    const identity = await tlsFilesIdentity(this.#options);
    // What could not be used may be good by now though its files are the same: a certificate of tomorrow.
    if (identity === this.#identity && this.#problem === undefined) return;
    this.#identity = identity;
    try {
      this.#files = await readServingTls(this.#options);
    } catch (error) {
      // Half of a renewal, as between two copied files: the next look finds the rest.
      const problem = messageOf(error);
      if (problem !== this.#problem)
        this.#log.error({ problem }, 'the TLS files changed and cannot be used; those before stay');
      this.#problem = problem;
      return;
    }
    this.#problem = undefined;
    for (const server of this.#servers) server.setSecureContext(this.#context());
    this.#log.info({ goodUntil: this.#files.goodUntil.toISOString() }, 'a renewed certificate is shown');
  }

  #context(): SecureContextOptions {
    const { cert, key, clientCa } = this.#files;
    return { cert, key, ...(clientCa && { ca: clientCa }), minVersion: 'TLSv1.2' };
  }

  /** Once a day while the end is near. */
  #warnOfEnd(): void {
    const left = (this.#files.goodUntil.getTime() - Date.now()) / DAY_MS;
    const today = new Date().toISOString().slice(0, 10);
    if (left > WARN_DAYS || this.#warnedOn === today) return;
    this.#warnedOn = today;
    this.#log.warn({ goodUntil: this.#files.goodUntil.toISOString() }, 'the TLS certificate ends soon');
  }
}
