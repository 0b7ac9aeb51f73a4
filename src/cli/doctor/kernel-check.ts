import { RingwattError } from '../../errors.ts';
import { chooseKernel } from '../../native/kernel.ts';
import { commandOnPath } from '../../stack/commands.ts';
import type { Check } from './check.ts';

/** Nothing needs the compiled kernels; without them training takes several times as long. */
export const checkKernel: Check = async (config) => {
  const what = 'kernels';
  try {
    const chosen = chooseKernel(config.kernel);
    if ('kernels' in chosen) {
      const { kernels, variant, origin } = chosen;
      const detail = `${variant} (of ${kernels.variants.join(', ')}), version ${kernels.version}, ${origin}`;
      return { what, verdict: 'ok', detail };
    }
    if (config.kernel === 'none') return { what, verdict: 'ok', detail: `not in use: ${chosen.note}` };
    return { what, verdict: 'warn', detail: `not in use: ${chosen.note}`, cure: cure() };
  } catch (error) {
    if (!(error instanceof RingwattError)) throw error;
    return { what, verdict: 'fail', detail: error.message, cure: error.cure };
  }
};

const cure = () =>
  commandOnPath('cargo')
    ? 'Run `npm run -s ringwatt -- setup`: it builds them again.'
    : 'Install Rust (https://rustup.rs) and run `npm run -s ringwatt -- setup`: training becomes several times as fast.';
