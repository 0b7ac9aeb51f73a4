import type { MemberName, RidgeSettings, TreesSettings } from '../contracts/forecasters.ts';
import { MEMBER_NAMES } from '../contracts/forecasters.ts';
import { BadInputError } from '../errors.ts';
import { asPublished } from './as-published.ts';
import { climatology } from './climatology.ts';
import type { Forecaster } from './forecaster.ts';
import { onOwnRecord } from './own-record.ts';
import { ridge } from './ridge/ridge.ts';
import { trees } from './trees.ts';

export interface MemberSettings {
  ridge?: Partial<Omit<RidgeSettings, 'pooled'>>;
  trees?: Partial<Omit<TreesSettings, 'pooled'>>;
  /** Of further trials of a search, by their names as members. */
  trials?: Record<string, object>;
}

/** A further trial of a search's ensemble as a member, such as `trees-t02`. */
const TRIAL = /^(ridge|trees)-t\d+$/;

/** What an ensemble is made of where nobody says. */
export const DEFAULT_MEMBERS = ['climatology', 'ridge', 'ridge-own', 'trees'] as const satisfies MemberName[];

/** A forecaster of medians by its name: what ensembles are made of. The transformer lies in a training manifest. */
export function memberNamed(name: string, settings: MemberSettings = {}): Forecaster {
  const family = TRIAL.exec(name)?.[1];
  if (family) return (family === 'ridge' ? ridge : trees)(settings.trials?.[name], name);
  switch (name as MemberName) {
    case 'operator':
    case 'latestKnown':
    case 'persistence48':
    case 'persistence168':
      return asPublished(name as Parameters<typeof asPublished>[0]);
    case 'climatology':
      return climatology;
    case 'ridge':
      return ridge(settings.ridge);
    case 'ridge-own':
      return onOwnRecord(ridge(settings.ridge));
    case 'trees':
      return trees(settings.trees);
    case 'ridge-pooled':
      return ridge({ ...settings.ridge, pooled: true });
    case 'trees-pooled':
      return trees({ ...settings.trees, pooled: true });
    case 'transformer':
      throw new BadInputError(
        'The transformer is fitted by `train`, not here.',
        'Give the training manifest that holds it.',
      );
    default:
      throw new BadInputError(
        `There is no forecaster ${name}.`,
        `There are ${MEMBER_NAMES.join(', ')}, and ensemble.`,
      );
  }
}
