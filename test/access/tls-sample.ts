import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type SecureVersion, type TLSSocket } from 'node:tls';
import { newFolder } from './sample.ts';

export interface Pem {
  cert: string;
  key: string;
}

/** The files are looked at only when a test says so. */
export const NEVER_BY_ITSELF = { checkMs: 3_600_000 };

export async function filesOf({ cert, key }: Pem, ca?: string): Promise<Pem & { clientCa?: string }> {
  const folder = await newFolder();
  const options = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  await writeFile(options.cert, cert);
  await writeFile(options.key, key, { mode: 0o600 });
  if (ca === undefined) return options;
  const clientCa = join(folder, 'ca.pem');
  await writeFile(clientCa, ca);
  return { ...options, clientCa };
}

/** What a client that shakes hands comes to see. */
async function shaken<T>(
  port: number,
  options: ConnectionOptions,
  look: (socket: TLSSocket) => T,
): Promise<T> {
  const socket = connect({ host: '127.0.0.1', port, ...options });
  await once(socket, 'secureConnect');
  const seen = look(socket);
  socket.destroy();
  return seen;
}

/** The serial number of the certificate that is shown now. */
export const shown = (port: number, options: ConnectionOptions): Promise<string> =>
  shaken(port, options, (socket) => socket.getPeerCertificate().serialNumber);

/** The version that is spoken with a client that can speak this one at most. */
export const versionWith = (port: number, ca: string, maxVersion: SecureVersion) =>
  shaken(port, { ca, minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT:@SECLEVEL=0' }, (socket) =>
    socket.getProtocol(),
  );

/** The protocol that is agreed on with a client that speaks these. */
export const protocolWith = (port: number, ca: string, ...ALPNProtocols: string[]) =>
  shaken(port, { ca, ALPNProtocols }, (socket) => socket.alpnProtocol);
