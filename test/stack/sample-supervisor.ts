import { Home } from '../../src/lake/home.ts';
import { Stack } from '../../src/stack/stack.ts';
import { samplePlan, sampleService } from './samples.ts';

// Run as a program: `node sample-supervisor.ts HOME` says `up` when its two services run, and stays.
const home = await Home.open(process.argv[2]!);
await Stack.start(
  home,
  async () => samplePlan(sampleService('one'), sampleService('two')),
  { purpose: 'a sample' },
  new AbortController().signal,
);
process.stdout.write('up\n');
