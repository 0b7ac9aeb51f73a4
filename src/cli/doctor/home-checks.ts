import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PROJECT_ROOT } from '../../config/machine.ts';
import { REGION_CODES } from '../../contracts/regions.ts';
import { RingwattError } from '../../errors.ts';
import { Home, LAKE_FORMAT_VERSION } from '../../lake/home.ts';
import { readColumns } from '../../lake/parquet.ts';
import { holderOf } from '../../stack/home-lock.ts';
import { runningStack } from '../../stack/state.ts';
import type { Check } from './check.ts';

export const checkHome: Check = async (config) => {
  const root = resolve(config.home);
  const what = 'home';
  if (!existsSync(root)) {
    let parent = root;
    while (!existsSync(parent)) parent = dirname(parent);
    try {
      accessSync(parent, constants.W_OK);
    } catch {
      const detail = `${root} cannot be made: ${parent} is not writable`;
      return { what, verdict: 'fail', detail, cure: 'Choose another --home.' };
    }
    return { what, verdict: 'ok', detail: `${root} will be made when it is needed` };
  }
  try {
    const home = await Home.open(root);
    accessSync(root, constants.W_OK);
    const holder = holderOf(home);
    const use = holder ? `in use by \`${holder.purpose}\` (process ${holder.pid})` : 'free';
    return { what, verdict: 'ok', detail: `${root}, lake format ${LAKE_FORMAT_VERSION}, ${use}` };
  } catch (error) {
    if (error instanceof RingwattError)
      return { what, verdict: 'fail', detail: error.message, cure: error.cure };
    return { what, verdict: 'fail', detail: `${root} is not writable`, cure: 'Choose another --home.' };
  }
};

export const checkServices: Check = async (config) => {
  const what = 'services';
  if (!existsSync(resolve(config.home))) return { what, verdict: 'ok', detail: 'not running' };
  const state = runningStack(await Home.open(config.home));
  if (!state) return { what, verdict: 'ok', detail: 'not running' };
  const bad = state.services.filter((service) => service.state !== 'ready');
  return bad.length === 0
    ? {
        what,
        verdict: 'ok',
        detail: `${state.services.length} ready, UI ${state.temporal.uiUrl ?? 'of the cluster'}`,
      }
    : {
        what,
        verdict: 'fail',
        detail: bad.map(({ name, state: now }) => `${name} is ${now}`).join(', '),
        cure: `Look at \`logs ${bad[0]?.name}\`; \`down\` and \`up\` start anew.`,
      };
};

export const checkSource: Check = async (config) => ({
  what: 'source',
  verdict: 'ok',
  detail: config.eiaApiKey
    ? 'EIA_API_KEY is set: the real host is read'
    : 'EIA_API_KEY is not set: the shipped archive is read',
});

/** Every shipped file can be read to its end. */
export const checkArchive: Check = async () => {
  const what = 'archive data';
  let hours = 0;
  for (const region of REGION_CODES) {
    try {
      hours += (await readColumns(join(PROJECT_ROOT, 'data', 'grid', `${region}.parquet`))).rows;
    } catch (error) {
      const detail =
        error instanceof RingwattError ? error.message : `data/grid/${region}.parquet: ${String(error)}`;
      return {
        what,
        verdict: 'fail',
        detail,
        cure: 'Restore data/ from the repository: `git checkout -- data`.',
      };
    }
  }
  return { what, verdict: 'ok', detail: `${REGION_CODES.length} regions, ${hours} hours` };
};

export const checkBackend: Check = async () => {
  const what = 'tensors';
  const { startBackend } = await import('../../backend/backend.ts');
  try {
    const { name, numerics, device, note } = await startBackend();
    return {
      what,
      verdict: 'ok',
      detail: [`${name} (${numerics}, ${device})`, note].filter(Boolean).join('. '),
    };
  } catch (error) {
    if (!(error instanceof RingwattError)) throw error;
    return { what, verdict: 'fail', detail: error.message, cure: error.cure };
  }
};
