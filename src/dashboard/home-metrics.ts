import { Gauge, Registry } from 'prom-client';
import type { Home } from '../lake/home.ts';
import { HOME_METRIC } from './home-metric-names.ts';
import type { Quality } from './quality/quality-of.ts';
import { HomeReader } from './reader/home-reader.ts';
import type { FilesState } from './state/files-state.ts';

/** What it tells changes by the hour; reading it takes a second of a thread of its own. */
const READ_EVERY_MS = 60_000;
/** Models are being loaded until then. */
const FIRST_READ_MS = 5000;
/** Of errors that are told as of now. */
const DAYS = 7;
const MOST_MODELS = 20;

export interface HomeMetrics {
  registry: Registry;
  close(): Promise<void>;
}

/**
 * How good forecasts are, what drifts, what fires and how jobs ended, for Prometheus: what the home says, once for all
 * processes that serve it.
 */
export function homeMetrics(
  home: Home,
  broken: (error: unknown) => void,
  firstReadMs = FIRST_READ_MS,
): HomeMetrics {
  const registry = new Registry();
  const gauges = gaugesOf(registry);
  const reader = new HomeReader(home);
  const read = async () => {
    const files = await reader.read('files', '');
    const names = files.models.ok ? files.models.value.map(({ name }) => name) : [];
    const qualities: Quality[] = [];
    const looks: Record<string, FilesState['drift']> = {};
    for (const name of names.slice(0, MOST_MODELS)) {
      qualities.push(await reader.read('quality', name));
      looks[name] = (await reader.read('files', name)).drift;
    }
    for (const gauge of Object.values(gauges)) gauge.reset();
    for (const quality of qualities) showQuality(gauges, quality);
    showFiles(gauges, files, looks);
  };
  let isReading = false;
  let isClosed = false;
  const turn = () => {
    if (isReading) return;
    isReading = true;
    void read()
      .catch((error: unknown) => {
        // A reading that the end cuts short is no trouble.
        if (!isClosed) broken(error);
      })
      .finally(() => (isReading = false));
  };
  const first = setTimeout(turn, firstReadMs).unref();
  const timer = setInterval(turn, READ_EVERY_MS).unref();
  return {
    registry,
    close() {
      isClosed = true;
      clearTimeout(first);
      clearInterval(timer);
      return reader.close();
    },
  };
}

function gaugesOf(registry: Registry) {
  const gauge = <Name extends string>(name: string, help: string, labelNames: readonly Name[]) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers: [registry], aggregator: 'max' });
  return {
    mape: gauge(
      HOME_METRIC.mape,
      'Mean absolute percentage error of the last seven days with an outcome, of forecasts that were made when they were due, or of the backtest',
      ['model', 'region', 'source', 'by'],
    ),
    classifier: gauge(
      HOME_METRIC.classifier,
      'Of the variants of an A/B test whose outcomes say what was so: accuracy, precision, recall, f1',
      ['test', 'variant', 'version', 'score'],
    ),
    driftFindings: gauge(HOME_METRIC.driftFindings, 'What had drifted at the last look', ['model']),
    driftMape: gauge(HOME_METRIC.driftMape, 'MAPE of the window of the last look for drift, percent', [
      'model',
      'region',
      'of',
    ]),
    champion: gauge(HOME_METRIC.champion, 'The version that answers', ['model']),
    alerts: gauge(HOME_METRIC.alerts, 'Alerts that fire', ['severity']),
    jobEnded: gauge(HOME_METRIC.jobEnded, 'When a job last ended so, seconds since 1970', [
      'model',
      'job',
      'outcome',
    ]),
  };
}

type Gauges = ReturnType<typeof gaugesOf>;

function showQuality(gauges: Gauges, { model, forecasts, backtest, classifiers }: Quality): void {
  const made = forecasts.ok ? forecasts.value.regions : [];
  const scored = backtest.ok ? backtest.value : [];
  for (const [source, regions] of Object.entries({ forecasts: made, backtest: scored })) {
    for (const { region, days } of regions) {
      for (const by of ['model', 'operator', 'naive'] as const) {
        const last = days[by].slice(-DAYS).filter((value) => value !== null);
        if (last.length === 0) continue;
        const mean = last.reduce((sum, value) => sum + value, 0) / last.length;
        gauges.mape.set({ model, region, source, by: by === 'naive' ? 'persistence' : by }, mean);
      }
    }
  }
  for (const { test, variant, version, scores } of classifiers.ok ? classifiers.value : []) {
    for (const [score, value] of Object.entries(scores)) {
      gauges.classifier.set({ test, variant, version, score }, value);
    }
  }
}

function showFiles(
  gauges: Gauges,
  { models, alerts, ended }: FilesState,
  looks: Record<string, FilesState['drift']>,
): void {
  for (const { name: model, champion } of models.ok ? models.value : []) {
    if (champion) gauges.champion.set({ model }, champion.version);
  }
  for (const [model, drift] of Object.entries(looks)) {
    const last = drift?.ok ? drift.value.at(-1) : undefined;
    if (!last) continue;
    gauges.driftFindings.set({ model }, last.findings.length);
    for (const { region, mape, baselineMape } of last.regions) {
      if (mape !== null) gauges.driftMape.set({ model, region, of: 'window' }, mape);
      if (baselineMape !== null) gauges.driftMape.set({ model, region, of: 'registered' }, baselineMape);
    }
  }
  if (alerts.ok) {
    for (const severity of ['critical', 'warning', 'info']) {
      gauges.alerts.set({ severity }, alerts.value.firing.filter((one) => one.severity === severity).length);
    }
  }
  // Newest first: what is set last is the newest.
  for (const { model, job, outcome, endedAt } of ended.ok ? ended.value.toReversed() : []) {
    gauges.jobEnded.set({ model, job, outcome }, Date.parse(endedAt) / 1000);
  }
}
