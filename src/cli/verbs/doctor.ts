import type { Command } from 'commander';
import { messageOf } from '../../errors.ts';
import type { Finding } from '../doctor/check.ts';
import { defineVerb } from '../flags.ts';
import { perform } from '../session.ts';

export function defineDoctor(program: Command): void {
  defineVerb(program, 'doctor', 'Look at everything the project needs, and say how to cure what is wrong.', [
    'doctor',
    'doctor --json',
  ]).action(
    perform(async ({ config }) => {
      const { CHECKS } = await import('../doctor/checks.ts');
      const findings: Finding[] = [];
      for (const [name, check] of Object.entries(CHECKS)) {
        findings.push(
          ...[await check(config).catch((error: unknown) => unexpected(name, error))]
            .flat()
            .map(withoutIdleCure),
        );
      }
      const failed = findings.filter(({ verdict }) => verdict === 'fail').length;
      const lines = findings.flatMap(({ what, verdict, detail, cure }) => [
        `${verdict.padEnd(4)}  ${what.padEnd(14)}  ${detail}`,
        ...(cure ? [`${' '.repeat(22)}${cure}`] : []),
      ]);
      return { json: { healthy: failed === 0, findings }, text: lines, exitCode: failed === 0 ? 0 : 1 };
    }),
  );
}

const unexpected = (what: string, error: unknown): Finding => ({
  what,
  verdict: 'fail',
  detail: messageOf(error),
  cure: 'See the message.',
});

const withoutIdleCure = ({ cure, ...rest }: Finding): Finding =>
  rest.verdict === 'ok' || cure === undefined ? rest : { ...rest, cure };
