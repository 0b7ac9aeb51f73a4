// Answers requests as a process that serves would, and counts them: `home test first count`. Then does as it is told.
import { requireTest } from '../../../src/ab-test/store.ts';
import { Home } from '../../../src/lake/home.ts';
import { Exposures } from '../../../src/serving/traffic/exposures.ts';
import { silentLogger } from '../../../src/stages/context.ts';

const [root = '', name = '', first = '0', count = '0'] = process.argv.slice(2);
const home = await Home.open(root);
const test = await requireTest(home, name);
const exposures = new Exposures({ home, log: silentLogger });
for (let i = 0; i < Number(count); i++) {
  const user = `user-${Number(first) + i}`;
  // Each comes three times.
  for (const visit of [1, 2, 3]) exposures.note(test, { requestId: `${user}/${process.pid}/${visit}`, user });
}
process.on('message', (told: 'flush' | 'more') => {
  if (told === 'flush') void exposures.flush().then(() => process.send!('flushed'));
  else {
    exposures.note(test, { requestId: 'unwritten', user: 'unwritten' });
    process.send!('noted');
  }
});
process.send!('ready');
