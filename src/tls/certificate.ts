import { createHash, randomBytes } from 'node:crypto';
import { isIP, SocketAddress } from 'node:net';
import { BitString, Integer, OctetString, Utf8String } from 'asn1js';
import {
  AttributeTypeAndValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtKeyUsage,
  Extension,
  GeneralName,
  GeneralNames,
  Time,
} from 'pkijs';

/** A key and the certificate of its public half, as PEM. */
export interface KeyAndCertificate {
  key: string;
  cert: string;
}

/** Who signs: the authority itself has nobody above it. */
export interface Signer {
  name: string;
  key: CryptoKey;
  keyId: Uint8Array;
}

export interface CertificateRequest {
  name: string;
  days: number;
  /** No later than this, whatever `days` says: a certificate does not outlive who signed it. */
  notAfter?: Date;
  /** Names and addresses it is for; absent, the certificate is an authority's, signed by itself. */
  host?: { addresses: readonly string[]; signer: Signer };
}

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const DAY_MS = 86_400_000;
/** Clocks of hosts differ by seconds; a certificate of this moment must be good on all of them. */
const CLOCKS_DIFFER_MS = 300_000;

const OID = {
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};
/** Bits as RFC 5280, 4.2.1.3 counts them, with how many of the last byte are not used. */
const USAGE = { host: { bits: 0x80, unused: 7 }, authority: { bits: 0x06, unused: 1 } };
/** Kinds of names, RFC 5280, 4.2.1.6. */
const DNS_NAME = 2;
const IP_ADDRESS = 7;

export async function makeCertificate(request: CertificateRequest): Promise<KeyAndCertificate> {
  const pair = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const { name, host } = request;
  const certificate = new Certificate();
  certificate.version = 2;
  // Positive, and not to be guessed.
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  certificate.serialNumber = new Integer({ valueHex: bytesOf(serial) });
  certificate.subject.typesAndValues.push(commonName(name));
  certificate.issuer.typesAndValues.push(commonName(host?.signer.name ?? name));
  const from = new Date(Date.now() - CLOCKS_DIFFER_MS);
  const wanted = new Date(Date.now() + request.days * DAY_MS);
  const { notAfter } = request;
  certificate.notBefore = timeOf(from);
  certificate.notAfter = timeOf(notAfter && notAfter < wanted ? notAfter : wanted);
  await certificate.subjectPublicKeyInfo.importKey(pair.publicKey);
  const keyId = await keyIdOf(pair.publicKey);
  certificate.extensions = [
    extension(OID.basicConstraints, true, constraintsOf(host === undefined)),
    extension(OID.keyUsage, true, usage(host ? USAGE.host : USAGE.authority)),
    extension(OID.subjectKeyIdentifier, false, new OctetString({ valueHex: bytesOf(keyId) })),
  ];
  if (host) certificate.extensions.push(...hostExtensions(host));
  await certificate.sign(host?.signer.key ?? pair.privateKey, 'SHA-256');
  return {
    key: pem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', pair.privateKey)),
    cert: pem('CERTIFICATE', certificate.toSchema(true).toBER()),
  };
}

/** The key of an authority, ready to sign. */
export async function readSigner(name: string, key: string, publicKey: Uint8Array): Promise<Signer> {
  const der = Buffer.from(key.replace(/-----[^-]+-----/g, ''), 'base64');
  const imported = await crypto.subtle.importKey('pkcs8', der, CURVE, false, ['sign']);
  return { name, key: imported, keyId: hashOf(publicKey) };
}

/** Both sides of a link show their certificate, so each is good for calling and for being called. */
function hostExtensions({ addresses, signer }: NonNullable<CertificateRequest['host']>): Extension[] {
  const names = addresses.map((address) =>
    isIP(address)
      ? new GeneralName({ type: IP_ADDRESS, value: new OctetString({ valueHex: bytesOf(ipBytes(address)) }) })
      : new GeneralName({ type: DNS_NAME, value: address }),
  );
  const keyIdentifier = new OctetString({ valueHex: bytesOf(signer.keyId) });
  return [
    extension(
      OID.extKeyUsage,
      false,
      new ExtKeyUsage({ keyPurposes: [OID.serverAuth, OID.clientAuth] }).toSchema(),
    ),
    extension(OID.subjectAltName, false, new GeneralNames({ names }).toSchema()),
    extension(OID.authorityKeyIdentifier, false, new AuthorityKeyIdentifier({ keyIdentifier }).toSchema()),
  ];
}

const extension = (extnID: string, critical: boolean, value: { toBER(): ArrayBuffer }) =>
  new Extension({ extnID, critical, extnValue: value.toBER() });

const constraintsOf = (authority: boolean) =>
  (authority ? new BasicConstraints({ cA: true, pathLenConstraint: 0 }) : new BasicConstraints()).toSchema();

const usage = ({ bits, unused }: { bits: number; unused: number }) =>
  new BitString({ valueHex: bytesOf(Uint8Array.of(bits)), unusedBits: unused });

const commonName = (value: string) =>
  new AttributeTypeAndValue({ type: OID.commonName, value: new Utf8String({ value }) });

/** From 2050 on, X.509 writes years with four digits (RFC 5280, 4.1.2.5). */
const timeOf = (value: Date) => new Time({ type: value.getUTCFullYear() < 2050 ? 0 : 1, value });

async function keyIdOf(key: CryptoKey): Promise<Uint8Array> {
  return hashOf(new Uint8Array(await crypto.subtle.exportKey('spki', key)));
}

/** Any hash will do as a key's name, as long as all take the same (RFC 7093, 2.4). */
const hashOf = (spki: Uint8Array) => createHash('sha256').update(spki).digest().subarray(0, 20);

function ipBytes(address: string): Uint8Array {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.').map(Number));
  // A URL writes every IPv6 address in one way, without dots and zones.
  const canonical = new URL(`http://[${new SocketAddress({ address, family: 'ipv6' }).address}]`).hostname;
  const [head = '', tail] = canonical.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const middle = Array.from({ length: 8 - front.length - back.length }, () => '0');
  const words = Uint16Array.from([...front, ...middle, ...back], (group) => Number.parseInt(group, 16));
  return Uint8Array.from([...words].flatMap((word) => [word >> 8, word & 0xff]));
}

const pem = (label: string, der: ArrayBuffer) => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};

/** The library takes buffers that hold nothing else. */
const bytesOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;
