import { loadConfig } from '../../src/config/config.ts';
import { ingestionInput, type WindowResult } from '../../src/contracts/ingestion.ts';
import { Home } from '../../src/lake/home.ts';
import { completeIngestion, ingestWindow, planIngestion } from '../../src/sources/stage.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';

export interface RunFigures {
  records: number;
  seconds: number;
  /** Of this process, at its highest. */
  memoryMb: number;
  /** Of all its threads, user and system, from the first request to the manifest. */
  cpuSeconds: number;
}

/** As many as the ingestion workflow keeps on their way. */
const WINDOWS_AT_ONCE = 8;

/** `HOME URL` ingests all that the source has and prints `RunFigures`. */
const [root, url] = process.argv.slice(2) as [string, string];
const context: StageContext = {
  home: await Home.open(root),
  config: loadConfig({ home: root, eiaBaseUrl: url }, { environment: {} }),
  signal: new AbortController().signal,
  progress() {},
  log: silentLogger,
};
const ingestion = ingestionInput.parse({});
const begun = performance.now();
const cpuBefore = process.cpuUsage();
const plan = await planIngestion(context, ingestion);
const queue = [...plan.windows];
const totals: WindowResult = { records: 0, pages: 0, pagesReused: 0, bytes: 0, files: 0, quarantined: 0 };
const lane = async () => {
  for (let window = queue.shift(); window; window = queue.shift()) {
    const result = await ingestWindow(context, window);
    for (const field of Object.keys(totals) as (keyof WindowResult)[]) totals[field] += result[field];
  }
};
await Promise.all(Array.from({ length: WINDOWS_AT_ONCE }, lane));
await completeIngestion(context, {
  ingestion,
  period: plan.period,
  totals,
  windows: plan.windows.length,
  failedWindows: 0,
  seconds: (performance.now() - begun) / 1000,
});
const { user, system } = process.cpuUsage(cpuBefore);
const figures: RunFigures = {
  records: totals.records,
  seconds: (performance.now() - begun) / 1000,
  memoryMb: Math.round(process.resourceUsage().maxRSS / 1024),
  cpuSeconds: (user + system) / 1e6,
};
process.stdout.write(JSON.stringify(figures));
