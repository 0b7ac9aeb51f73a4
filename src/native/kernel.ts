import type { Config } from '../config/config.ts';
import { BadInputError, UnavailableError } from '../errors.ts';
import type { Kernels, KernelVariant } from './kernels.ts';
import { findKernels } from './load.ts';

/** The compiled kernels and the variant in use; or why TensorFlow.js computes everything. */
export type ChosenKernel = { kernels: Kernels; variant: KernelVariant; origin: string } | { note: string };

/** What RINGWATT_KERNEL asks for. Who asks for a variant by name gets it or an error. */
export function chooseKernel(wanted: Config['kernel']): ChosenKernel {
  if (wanted === 'none') return { note: 'RINGWATT_KERNEL asks for none' };
  const found = findKernels();
  if ('reason' in found) {
    if (wanted === 'auto') return { note: found.reason };
    throw new UnavailableError(
      `RINGWATT_KERNEL asks for ${wanted}, but ${found.reason}.`,
      'Install Rust (https://rustup.rs) and run `npm run -s ringwatt -- setup`, or leave RINGWATT_KERNEL out.',
    );
  }
  const { variants } = found.kernels;
  const variant = wanted === 'auto' ? variants[0]! : variants.find((name) => name === wanted);
  if (variant === undefined) {
    throw new BadInputError(
      `RINGWATT_KERNEL asks for ${wanted}; this processor runs ${variants.join(', ')}.`,
      'Name one of these, or leave RINGWATT_KERNEL out.',
    );
  }
  return { ...found, variant };
}
