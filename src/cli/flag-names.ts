/** Settings that stand in a group in the contracts and by themselves on the command line. */
const GROUPS: ReadonlySet<PropertyKey> = new Set(['training', 'loss', 'fit', 'inputs', 'rolling']);

/** Where a setting's flag is called otherwise, on every verb that has it. */
const RENAMED: Record<string, string> = {
  checkpointEverySteps: '--checkpoint-every',
  contextHours: '--context',
  issueHourLocal: '--issue-hour',
  version: '--model-version',
};

/**
 * The flag that a person typed for a field of a contract: `--members` for `fit.members.0`, `--score` for `score.from`,
 * `--kv-heads` for `training.kvHeads`. `renamed` has what the verb at hand calls otherwise.
 */
export function flagOf(path: readonly PropertyKey[], renamed: Record<string, string> = {}): string {
  const names = path.filter((part) => typeof part === 'string');
  const name = names.find((part) => !GROUPS.has(part)) ?? names.at(-1);
  if (name === undefined) return 'input';
  return renamed[name] ?? RENAMED[name] ?? spellFlag(name);
}

/** As commander spells it: `--sequence-length` for `sequenceLength`. */
export const spellFlag = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
