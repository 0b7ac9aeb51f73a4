import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { grafanaJson } from '../../src/dashboard/grafana/document.ts';
import { homeMetrics } from '../../src/dashboard/home-metrics.ts';
import { processMetrics } from '../../src/serving/telemetry/process-metrics.ts';
import { servingMetrics } from '../../src/serving/telemetry/serving-metrics.ts';
import { trafficMetrics } from '../../src/serving/traffic/metrics.ts';
import { measured } from '../../workers/slot-metrics.ts';
import { withHome } from '../backtest/sample-home.ts';

const read = (path: string) => readFileSync(new URL(`../../deploy/${path}`, import.meta.url), 'utf8');

interface Dashboard {
  panels: {
    id: number;
    type: string;
    title: string;
    gridPos: { x: number; y: number; w: number; h: number };
    targets?: { expr: string; refId: string }[];
  }[];
}
const dashboard = JSON.parse(read('grafana/serving.json')) as Dashboard;
const alerts = parse(read('prometheus/alerts.yml')) as {
  groups: { rules: { alert: string; expr: string }[] }[];
};

/** Of panels and of rules, as Prometheus is asked once Grafana has put its variables in. */
const EXPRESSIONS: [string, string][] = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }): [string, string] => [
      title,
      expr.replaceAll('$__rate_interval', '5m').replaceAll('$model', 'load'),
    ]),
  ),
  ...alerts.groups.flatMap(({ rules }) => rules.map(({ alert, expr }): [string, string] => [alert, expr])),
];

const SUFFIX = /_(bucket|sum|count)$/;

/** Every metric that this project tells, with the labels that it may be chosen by. */
async function known(): Promise<Map<string, { type: string; labels: readonly string[] }>> {
  const registry = new Registry();
  servingMetrics(registry);
  processMetrics(registry, 'p');
  trafficMetrics(registry);
  measured({ listen: async () => assert.fail(), train: async () => assert.fail() }, registry);
  const all = registry.getMetricsAsArray();
  await withHome(async ({ home }) => {
    const own = homeMetrics(home, assert.ifError);
    all.push(...own.registry.getMetricsAsArray());
    await own.close();
  });
  return new Map(
    all.map((metric) => {
      const { type, labelNames = [] } = metric as unknown as { type: string; labelNames?: string[] };
      return [metric.name, { type, labels: labelNames }];
    }),
  );
}

/** The texts of all nodes of a kind; an error where the grammar does not take the expression. */
function nodesOf(expression: string, kind: string): string[] {
  const found: string[] = [];
  parser.parse(expression).iterate({
    enter({ type, from, to }) {
      assert.ok(!type.isError, `${expression}: wrong at "${expression.slice(from, from + 20)}"`);
      if (type.name === kind) found.push(expression.slice(from, to));
    },
  });
  return found;
}

describe('what Grafana and Prometheus are given', () => {
  it('is what the table of panels makes', () => {
    assert.equal(read('grafana/serving.json'), grafanaJson(), 'run `node .ci/write-docs.mjs`');
  });

  it('is PromQL, of metrics and labels that there are', async () => {
    const metrics = await known();
    assert.ok(EXPRESSIONS.length >= 30);
    for (const [title, expression] of EXPRESSIONS) {
      for (const selector of nodesOf(expression, 'VectorSelector')) {
        const name = /^\w+/.exec(selector)![0];
        const plain = name.replace(SUFFIX, '');
        const metric = metrics.get(name) ?? metrics.get(plain);
        assert.ok(metric, `${title} asks for ${name}`);
        assert.equal(SUFFIX.test(name), metric.type === 'histogram', `${title}: ${name} is a ${metric.type}`);
        const labels = [...selector.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label]) => label!);
        for (const label of labels)
          assert.ok(metric.labels.includes(label), `${title}: ${name} has no ${label}`);
      }
    }
  });

  it('shows every metric of serving somewhere', async () => {
    const asked = EXPRESSIONS.map(([, expression]) => expression).join('\n');
    const missing = [...(await known()).keys()].filter(
      (name) => name.startsWith('ringwatt_serving_') && !asked.includes(name),
    );
    assert.deepEqual(missing, []);
  });

  it('would not take what is no PromQL', () => {
    assert.throws(() => nodesOf('sum(rate(x[5m])', 'VectorSelector'), /wrong at/);
  });

  it('has panels that do not cover each other, each with a number of its own', () => {
    const { panels } = dashboard;
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(x < 24 && !taken.has(`${x} ${y}`), title);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });
});
