import { registerModel } from '../../src/registry/stage.ts';
import { loadConfig } from '../../src/config/config.ts';
import { Home } from '../../src/lake/home.ts';
import { silentLogger } from '../../src/stages/context.ts';
import type { RegisterInput } from '../../src/contracts/stages.ts';

// A process of its own that registers one model: `node register-process.ts HOME INPUT_JSON`; prints the result.

const [root, input] = process.argv.slice(2) as [string, string];
const context = {
  home: await Home.open(root),
  config: loadConfig({}, { environment: {} }),
  signal: new AbortController().signal,
  progress() {},
  log: silentLogger,
};
process.stdout.write(JSON.stringify(await registerModel(context, JSON.parse(input) as RegisterInput)));
