// Shows requests to a shadow as a process that serves would, and ends well: `home count`.
import { Home } from '../../../src/lake/home.ts';
import { Shadow } from '../../../src/serving/traffic/shadow/shadow.ts';
import { silentLogger } from '../../../src/stages/context.ts';
import { answerOf, inputs, stateOf, twice } from './shadowed.ts';

const [root = '', count = '0'] = process.argv.slice(2);
const shadow = new Shadow({
  home: await Home.open(root),
  log: silentLogger,
  run: twice,
  most: 1000,
  everyMs: 100,
});
const dealt = { model: answerOf().model, version: 1 };
for (let i = 0; i < Number(count); i++) {
  const about = { requestId: `${process.pid}/${i}`, seconds: 0.01, dealt };
  shadow.offer(stateOf(), { inputs, signature: 's' }, answerOf(), about);
}
await shadow.settled();
await shadow.close();
