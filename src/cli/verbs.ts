import type { Command } from 'commander';
import { defineDoctor } from './verbs/doctor.ts';
import { defineDown } from './verbs/down.ts';
import { defineLogs } from './verbs/logs.ts';
import { defineSetup } from './verbs/setup.ts';
import { defineUp } from './verbs/up.ts';

/** Every verb, in the order in which help shows them. */
export function defineVerbs(program: Command): void {
  for (const define of [defineUp, defineDown, defineDoctor, defineLogs, defineSetup]) define(program);
}
