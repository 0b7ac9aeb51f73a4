/** Validation as a library: pure functions over columns, without a home or Temporal. */
export {
  RULES,
  VERDICTS,
  rulesWith,
  type Effect,
  type RuleChanges,
  type RuleName,
  type Rules,
  type SeriesGroup,
  type Verdict,
} from './rules.ts';
export { validateTable, type ValidatedTable } from './table.ts';
export { imputeFromPast, IMPUTATION, type Imputed, type ImputationMethod } from './imputation.ts';
export { centredMedians, trailingMedians } from './rolling-median.ts';
export { rejudge, type RejudgedRow } from './replay.ts';
export type { QuarantinedRow } from './quarantine.ts';
export type { CalendarDay, RegionAccount } from './account.ts';
export { knownAt, type RawRows } from './vintages.ts';
