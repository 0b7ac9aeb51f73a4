import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../src/config/config.ts';
import type { AuditEntry } from '../../src/contracts/audit.ts';
import { Home } from '../../src/lake/home.ts';
import { readChampion } from '../../src/registry/champion.ts';
import type { StackState } from '../../src/stack/state.ts';
import { silentLogger } from '../../src/stages/context.ts';
import { workflowIds } from '../../src/temporal/names.ts';
import { linesOf } from '../audit/sample-audit.ts';
import { ringwatt } from '../cli/command.ts';
import { NAME, registerTwo } from '../http/sample-door.ts';
import { until } from '../support/until.ts';
import { tryDashboard } from './dashboard.ts';
import { findBrowser, launch, WorkflowPage } from './temporal-ui.ts';

// The dashboard, and promotion and rollback by hand in the Temporal UI, in a real browser: `npm run -s browser`. Not
// part of the tests, which must run where no browser is.

const { values } = parseArgs({ options: { screenshots: { type: 'string' } } });
const say = (line: string) => console.log(line);
const LONGEST_MS = 300_000;

const path = findBrowser();
if (path === undefined) {
  say(
    'No browser is here: install Chromium (Debian: `apt install chromium`), or name one by the variable CHROMIUM.',
  );
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'ringwatt-browser-'));
const root = join(folder, 'home');
const late = new Promise<never>((_, reject) => {
  setTimeout(() => reject(new Error(`it took more than ${LONGEST_MS / 1000} s`)), LONGEST_MS).unref();
});
let code = 0;
try {
  await Promise.race([inHome(path, root), late]);
  say('passed');
} catch (error) {
  say(`FAILED: ${String(error)}`);
  code = 1;
} finally {
  await ringwatt(['down', '--home', root]);
  rmSync(folder, { recursive: true, force: true });
}
// Of what was given up because it took too long something may still wait.
process.exit(code);

async function inHome(executable: string, place: string): Promise<void> {
  const home = await Home.open(place);
  const config = loadConfig({}, { environment: {} });
  await registerTwo({ home, config, signal: new AbortController().signal, progress() {}, log: silentLogger });
  const { screenshots } = values;
  if (screenshots !== undefined) mkdirSync(screenshots, { recursive: true });
  const own = await launch(executable);
  try {
    await tryDashboard({ browser: own, home, screenshots }, say);
  } finally {
    await own.close();
  }
  const up = await ringwatt(['up', '--detach', '--slots', '1', '--home', place, '--json']);
  assert.equal(up.code, 0, up.stderr);
  const { temporal } = JSON.parse(up.stdout) as StackState;
  const promoted = await ringwatt(['promote', NAME, '1', '--home', place]);
  assert.equal(promoted.code, 0, promoted.stderr);

  const browser = await launch(executable);
  try {
    const page = new WorkflowPage(await browser.newPage({ viewport: { width: 1400, height: 1000 } }), {
      ...{ uiUrl: temporal.uiUrl!, namespace: temporal.namespace, workflowId: workflowIds.model(NAME) },
      screenshots,
    });
    await page.open();
    const champion = async () => (await readChampion({ home }, { name: NAME }))!.version;
    const crowned = (version: number) => until(async () => (await champion()) === version);

    await page.signal('promote', '{"version": 2, "by": "ada", "reason": "by hand"}');
    await crowned(2);
    say('promote in the UI: version 2 is champion');
    await page.signal('rollback');
    await crowned(1);
    say('rollback in the UI: version 1 is champion again');

    await page.signal('promote', '{"version": 9, "by": "ada"}');
    await until(async () => (await told(home)).at(-1)?.what === 'refused');
    const events = (await told(home)).map(({ what, who, from }) => `${what} by ${who} from ${from}`);
    assert.deepEqual(events.slice(-3), [
      'promoted by ada from signal',
      'rolled-back by unknown from signal',
      'refused by ada from signal',
    ]);
    assert.equal(await champion(), 1);
    await page.open();
    await page.details(/has no version 9/);
    say('a refused signal changed nothing; its reason stands in the audit and on the page of the workflow');
  } finally {
    await browser.close();
  }
}

async function told(home: Home): Promise<AuditEntry[]> {
  const entries = (await linesOf(home)).map((line) => JSON.parse(line) as AuditEntry);
  return entries.filter(({ subject, what }) => subject === `model/${NAME}` && what !== 'signed');
}
