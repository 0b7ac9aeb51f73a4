import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { Registry } from 'prom-client';
import { dashboardRoutes } from '../../src/dashboard/routes.ts';
import { httpDoor } from '../../src/http/server.ts';
import type { Home } from '../../src/lake/home.ts';
import { ServingProblem } from '../../src/serving/problem.ts';
import { ownFigures } from '../../src/serving/telemetry/figures/figures.ts';
import { processMetrics } from '../../src/serving/telemetry/process-metrics.ts';
import { servingMetrics } from '../../src/serving/telemetry/serving-metrics.ts';
import { silentLogger } from '../../src/stages/context.ts';
import { LastingConnection } from '../../src/temporal/lasting-connection.ts';
import { NAME } from '../http/sample-door.ts';
import { until } from '../support/until.ts';

const KEY = 'the right key';
const SERVING_CHARTS = 6;

interface Trial {
  browser: Browser;
  home: Home;
  screenshots: string | undefined;
}

/** /dashboard as a person uses it: live, of one model, narrow and wide, by day and by night, by the keyboard. */
export async function tryDashboard(trial: Trial, say: (line: string) => void): Promise<void> {
  const registry = new Registry();
  processMetrics(registry, 'serving-1');
  const observer = servingMetrics(registry);
  const figures = ownFigures(registry, assert.ifError);
  let calls: NodeJS.Timeout | undefined;
  const call = () => {
    const graph = { model: NAME, version: 1, signature: 'serving_default' };
    const call = { ...graph, requestId: 'r', door: 'rest', caller: 'local', rows: 2, cached: false } as const;
    for (const seconds of [0.002, 0.004, 0.03]) observer.callEnded!({ ...call, code: 'OK', seconds });
    observer.callEnded!({ ...call, code: 'RESOURCE_EXHAUSTED', seconds: 0 });
    observer.batchEnded!({ ...graph, rows: 6, requests: 3, seconds: 0.003, waitedSeconds: 0.001 });
    observer.queueChanged!({ ...graph, length: 2 });
  };
  const temporal = new LastingConnection(() => undefined);
  const gate = {
    async admit({ apiKey }: { apiKey?: string | undefined }) {
      if (apiKey !== KEY) throw new ServingProblem('UNAUTHENTICATED', 'Say who you are.');
      return { name: 'ada', role: 'viewer', identity: 'authenticated' } as const;
    },
  };
  const door = httpDoor({
    ...{ home: trial.home, temporal, log: silentLogger, gate },
    more: (app) => dashboardRoutes(app, { home: trial.home, temporal, figures }),
  });
  try {
    const url = `${await door.listen({ host: '127.0.0.1', port: 0 })}/dashboard`;
    // Something is drawn of all models, and nothing of the one that the page then chooses.
    await until(async () => (await figures.live({})).points.length > 0);
    await lookBeforeAnyCall(trial.browser, url);
    calls = setInterval(call, 50);
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [390, 1440]) await look(trial, { url, colorScheme, width });
    say('the dashboard: live charts, one model, no door but its own, wide and narrow, light and dark');
  } finally {
    clearInterval(calls);
    figures.close();
    await door.close();
    await temporal.close();
  }
}

interface Look {
  url: string;
  colorScheme: 'light' | 'dark';
  width: number;
}

async function look({ browser, screenshots }: Trial, { url, colorScheme, width }: Look): Promise<void> {
  const page = await browser.newPage({ viewport: { width, height: 1000 }, colorScheme });
  const complaints = complaintsOf(page, url);
  try {
    await enter(page, url);
    const model = page.getByRole('combobox', { name: 'Model' });
    assert.equal(await model.inputValue(), NAME);
    await model.selectOption('');
    await page.getByText('Choose one model above to see how good its answers are.').waitFor();
    await model.selectOption(NAME);
    await page.getByText('Nothing of what this model said can be held against what came.').waitFor();
    await page.getByText('No services run on this home.').waitFor();
    await page.waitForFunction(
      (count) => document.querySelectorAll('#serving-body canvas').length === count,
      SERVING_CHARTS,
    );
    await page
      .getByRole('img', { name: /^Latency, ms\. Newest: p50 [\d.]+, p95 [\d.]+, p99 [\d.]+\.$/ })
      .waitFor();
    await page.getByRole('img', { name: /RESOURCE_EXHAUSTED [\d.]+/ }).waitFor();
    await byKeyboard(page);
    assert.ok(
      await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      `wider than ${width}`,
    );
    const [paper, ink] = await page.evaluate(() => {
      const { backgroundColor, color } = getComputedStyle(document.body);
      return [backgroundColor, color].map((text) => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number));
    });
    assert.equal(brightness(paper!) > brightness(ink!), colorScheme === 'light');
    assert.ok(contrast(paper!, ink!) > 7);
    if (screenshots !== undefined)
      await page.screenshot({ path: `${screenshots}/dashboard-${width}-${colorScheme}.png`, fullPage: true });
    assert.deepEqual(complaints, []);
  } finally {
    await page.close();
  }
}

/** A model that nobody has called yet: empty charts that still tell of nothing else. */
async function lookBeforeAnyCall(browser: Browser, url: string): Promise<void> {
  const page = await browser.newPage();
  const complaints = complaintsOf(page, url);
  try {
    await enter(page, url);
    await page.getByRole('img', { name: 'Latency, ms. Newest: p50 –, p95 –, p99 –.' }).waitFor();
    await page.waitForFunction(() => document.querySelector('#serving-body .u-value')?.textContent === '–');
    assert.deepEqual(complaints, []);
  } finally {
    await page.close();
  }
}

function complaintsOf(page: Page, url: string): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    // The first answers are 401, which the browser tells of by itself.
    const isRefusal = message.text().includes('401');
    if (['error', 'warning'].includes(message.type()) && !isRefusal) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin) && !request.url().startsWith('data:'))
      complaints.push(`asks ${request.url()}`);
  });
  return complaints;
}

/** With its key, as far as the only model that there is. */
async function enter(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('API key or token').fill(KEY);
  await page.keyboard.press('Enter');
  await page.getByRole('status').filter({ hasText: 'Live.' }).waitFor();
  await page.waitForURL((at) => at.searchParams.get('model') === NAME);
}

/** Pauses and opens a table without a pointer. */
async function byKeyboard(page: Page): Promise<void> {
  const pause = page.getByRole('button', { name: 'Pause' });
  await pause.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('status').filter({ hasText: 'Paused.' }).waitFor();
  await page.locator('#serving-body summary').first().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('columnheader', { name: 'p95' }).waitFor();
  await page.getByRole('button', { name: 'Go on' }).press('Enter');
  await page.getByRole('status').filter({ hasText: 'Live.' }).waitFor();
}

/** Relative luminance and contrast, of WCAG 2.2. */
function brightness([r = 0, g = 0, b = 0]: number[]): number {
  const linear = (value: number) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

function contrast(a: number[], b: number[]): number {
  const [low, high] = [brightness(a), brightness(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}
