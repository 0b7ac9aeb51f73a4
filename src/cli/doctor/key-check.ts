import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Home } from '../../lake/home.ts';
import { openToOthers } from '../../signing/file-mode.ts';
import type { Check } from './check.ts';

/** What signs versions and the audit is a secret. */
export const checkKey: Check = async (config) => {
  const what = 'private key';
  if (!existsSync(resolve(config.home))) return { what, verdict: 'ok', detail: 'none yet' };
  const open = await openToOthers(await Home.open(config.home));
  return open === null
    ? { what, verdict: 'ok', detail: 'for this user alone' }
    : { what, verdict: 'warn', detail: open.says, cure: open.cure };
};
