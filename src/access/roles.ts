import { z } from 'zod';
import { ROLES, type Role } from '../serving/service.ts';

export const role = z.enum(ROLES);

const RANKS = new Map<Role, number>(ROLES.map((name, rank) => [name, rank]));

/** Each role may do what those before it may. */
export const mayDo = (has: Role, needed: Role): boolean => RANKS.get(has)! >= RANKS.get(needed)!;

export const highest = (roles: readonly Role[]): Role | undefined =>
  roles.toSorted((a, b) => RANKS.get(b)! - RANKS.get(a)!)[0];

/** A file that says which role a name of somebody else's means: `{"grid-operators": "operator"}`. */
export const roleFile = z
  .record(z.string().min(1), role)
  .transform((names) => new Map(Object.entries(names)));
export type RoleFile = z.output<typeof roleFile>;

/** Names that equal ours, where no file says otherwise. */
export const OWN_NAMES: RoleFile = new Map(ROLES.map((name) => [name, name]));
