import { z } from 'zod';

/** What a door signs with the home's key of a caller that it has authenticated, so that nobody else can claim as much. */
export const voucher = z.strictObject({
  /** ISO 8601, UTC: when it was signed. */
  at: z.string().max(40),
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});
export type Voucher = z.infer<typeof voucher>;

/** A voucher beside what it is of: the request as its workflow knows it, for a voucher of one is none of another. */
export const vouchedRequest = z.strictObject({
  /** As the workflow calls it: `promote`, `canary`, `approve` … */
  kind: z.string().min(1).max(60),
  version: z.number().int().nullable(),
  voucher,
});
export type VouchedRequest = z.infer<typeof vouchedRequest>;
