import assert from 'node:assert/strict';
import { Command } from 'commander';
import { addTrainingFlags, settingsOf, type TrainingFlags } from '../../src/cli/training-flags.ts';
import { trainingSettings } from '../../src/contracts/training.ts';

/** Something other than the default, for every setting. */
const GIVEN: Record<string, string | true> = {
  '--preset': 'default',
  '--ring-size': '4',
  '--seed': '7',
  '--budget-minutes': '1.5',
  '--max-steps': '9',
  '--checkpoint-every': '3',
  '--sequences-per-step': '2',
  '--layout': 'striped',
  '--window': '720',
  '--gradient-checkpointing': true,
  '--precision': 'bfloat16',
  '--wire': 'bfloat16',
  '--device': 'gpu',
  '--mixed': true,
  '--elastic': true,
  '--width': '96',
  '--layers': '4',
  '--heads': '6',
  '--kv-heads': '2',
  '--learning-rate': '0.001',
  '--hourly-weight': '0.5',
  '--peak-weight': '2',
  '--short-cost': '3',
  '--dropout': '0.2',
};

const parse = (words: string[]): TrainingFlags =>
  addTrainingFlags(new Command('train')).parse(words, { from: 'user' }).opts();

describe('the flags of training', () => {
  it('say every setting that a training takes', () => {
    const words = Object.entries(GIVEN).flatMap(([name, value]) => (value === true ? [name] : [name, value]));
    const settings = trainingSettings.parse(settingsOf(parse(words)));
    const defaults = trainingSettings.parse({});
    for (const name of Object.keys(trainingSettings.shape) as (keyof typeof settings)[]) {
      assert.notEqual(settings[name], undefined, `no flag says ${name}`);
      assert.notEqual(settings[name], defaults[name], `${name} is not what the flag said`);
    }
  });

  it('leave open what is not given, and let other flags be', () => {
    assert.deepEqual(settingsOf(parse([])), {});
    assert.deepEqual(settingsOf({ ...parse(['--seed', '2']), model: 'day-ahead' } as TrainingFlags), {
      seed: 2,
    });
  });

  it('name the default that the contract has', () => {
    const defaults: Record<string, unknown> = trainingSettings.parse({});
    const checked = addTrainingFlags(new Command('train')).options.filter((option) => {
      const named = /\(default: ([\w.]+)\)$/.exec(option.description)?.[1];
      const value =
        option.attributeName() === 'checkpointEvery'
          ? defaults['checkpointEverySteps']
          : defaults[option.attributeName()];
      if (named === undefined || value === undefined) return false;
      assert.equal(named, String(value), option.long);
      return true;
    });
    assert.ok(checked.length >= 9, `${checked.length} defaults looked at`);
  });
});
