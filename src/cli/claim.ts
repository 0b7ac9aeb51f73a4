import { userInfo } from 'node:os';
import { BadInputError, quoted } from '../errors.ts';

export interface ClaimFlags {
  by?: string;
  reason?: string;
}

/** Who asks, why, and by which door. */
export const claim = ({ by, reason }: ClaimFlags) => ({ by: by ?? userInfo().username, reason, from: 'cli' });

export function versionNumber(text = ''): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new BadInputError(
      `${quoted(text)} is not a version's number.`,
      'Give one that `models` lists, such as 2.',
    );
  }
  return Number(text);
}
