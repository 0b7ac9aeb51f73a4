import type { Voucher, VouchedRequest } from '../contracts/voucher.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { homeKey, ownKeys } from './home-key.ts';
import { isSignedBy } from './key.ts';

/** A request reaches its workflow at once or not at all; one that is found later and sent again is worth nothing. */
const GOOD_FOR_MS = 10 * 60_000;

/** Who asked for what. */
interface Claim extends Omit<VouchedRequest, 'voucher'> {
  model: string;
  by: string;
}

/** The home's signature under a request, by a door that has made sure of who sends it. */
export async function vouch(home: Home, claim: Claim): Promise<Voucher> {
  const key = await homeKey(home);
  const at = new Date().toISOString();
  return { at, keyId: key.keyId, signature: key.sign('caller', canonicalJson({ ...claim, at })) };
}

/** Whether this home has signed just that, shortly before `when`. */
export async function isVouchedFor(
  home: Home,
  { model, by, when }: { model: string; by: string; when: string },
  { kind, version, voucher: { at, keyId, signature } }: VouchedRequest,
): Promise<boolean> {
  const age = Date.parse(when) - Date.parse(at);
  if (!(Math.abs(age) <= GOOD_FOR_MS)) return false;
  const key = (await ownKeys(home)).get(keyId);
  return (
    key !== undefined && isSignedBy(key, 'caller', canonicalJson({ kind, model, by, version, at }), signature)
  );
}
