import assert from 'node:assert/strict';
import { Command } from 'commander';
import { defineVerbs } from '../../src/cli/verbs.ts';
import { ringwatt } from './command.ts';

/** The verbs that the project promises. */
const PROMISED = [
  ...['up', 'down', 'doctor', 'archive-server', 'ingest', 'validate', 'features', 'sequences', 'train'],
  ...['backtest', 'forecast', 'models', 'promote', 'rollback', 'run', 'status'],
];

describe('help', () => {
  const program = new Command('ringwatt');
  defineVerbs(program);

  it('is there for the whole, with every promised verb', async () => {
    const { code, stdout } = await ringwatt(['--help']);
    assert.equal(code, 0);
    for (const verb of PROMISED) assert.match(stdout, new RegExp(`^  ${verb}\\b`, 'm'));
  });

  for (const command of program.commands) {
    it(`says of ${command.name()} what it does, what it takes, and shows an example`, () => {
      let text = '';
      command.configureOutput({ writeOut: (part) => (text += part) });
      command.outputHelp();
      assert.match(text, /^Usage: ringwatt /);
      assert.match(text, /Examples?:\n {2}npm run -s ringwatt -- /);
      for (const flag of ['--json', '--home', '--config', '--log-level'])
        assert.ok(text.includes(flag), flag);
      assert.ok(command.description().length > 20);
      for (const option of command.options) assert.ok(option.description.length > 3, option.flags);
      assert.doesNotMatch(text.replace(/\s+/g, ' '), /\(default: [^)]*\) \(default: /);
    });
  }

  it('shows an example that the command line itself takes', () => {
    const examples = program.commands.flatMap((command) => {
      let text = '';
      command.configureOutput({ writeOut: (part) => (text += part) });
      command.outputHelp();
      return [...text.matchAll(/npm run -s ringwatt -- (.*)/g)].map((match) => match[1]!);
    });
    assert.ok(examples.length >= program.commands.length);
    for (const example of examples) {
      const [verb, ...words] = example.match(/"[^"]*"|\S+/g)!.map((word) => word.replaceAll('"', ''));
      const command = program.commands.find((each) => each.name() === verb)!;
      const { operands, unknown } = command.parseOptions(words);
      assert.deepEqual(unknown, [], example);
      const required = command.registeredArguments.filter((argument) => argument.required).length;
      assert.ok(
        operands.length >= required && operands.length <= command.registeredArguments.length,
        example,
      );
    }
  });
});
