import { z } from 'zod';

const MOST = 1_000_000;

/** Who is let in, and how: what `serve` is told by flags. */
export const accessOptions = z.strictObject({
  /** Where the doors listen; what must be asked of callers follows from it. */
  host: z.string().min(1).default('127.0.0.1'),
  /** Off loopback without TLS: only behind a proxy that ends TLS. */
  insecurePlaintext: z.boolean().default(false),
  tls: z
    .strictObject({
      /** PEM files: the certificate with those between it and its authority, and its key. */
      cert: z.string().min(1),
      key: z.string().min(1),
      /** PEM file of the authorities whose clients may connect; given, a client must show a certificate. */
      clientCa: z.string().min(1).optional(),
    })
    .optional(),
  /** JSON file: common name of a client's certificate to role. Without it a certificate names nobody. */
  certificateRoles: z.string().min(1).optional(),
  /** There was a list of API keys when `serve` began: a process that comes later finds none only if it was lost. */
  hadKeys: z.boolean().default(false),
  oidc: z
    .strictObject({
      /** Exactly as tokens name it in `iss`. */
      issuer: z.url({ protocol: /^https?$/ }),
      /** What tokens must be made for (`aud`): a token for another service is worth nothing here. */
      audience: z.string().min(1),
      /** URL or file of the issuer's keys; absent: its discovery document says where they are. */
      jwks: z.string().min(1).optional(),
      /** The claim that holds roles; dots lead into objects, as in `realm_access.roles`. */
      roleClaim: z.string().min(1).default('roles'),
      /** JSON file: value of the claim to role; absent: values that equal our roles. */
      rolesFile: z.string().min(1).optional(),
    })
    .optional(),
  /** Of a key, a token's subject or a certificate, evenly: a sixtieth of it a second. A process counts by itself. */
  requestsPerMinute: z.number().int().min(1).max(MOST).default(6000),
  /** How many more than evenly it may send within a minute. */
  burst: z.number().int().min(0).max(MOST).default(600),
  /** Of an address: after so many wrong keys or tokens within a minute it is told to wait. */
  failuresPerMinute: z.number().int().min(1).max(MOST).default(30),
});
export type AccessOptions = z.infer<typeof accessOptions>;
