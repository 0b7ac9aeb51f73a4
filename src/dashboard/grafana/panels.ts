import { METRIC } from '../../serving/telemetry/metric-names.ts';
import { TRAFFIC_METRIC } from '../../serving/traffic/metrics.ts';
import { HOME_METRIC } from '../home-metric-names.ts';

export interface Panel {
  title: string;
  says: string;
  /** As Grafana names units. */
  unit: string;
  /** PromQL, and what each line is called. `$model` and `$__rate_interval` are Grafana's. */
  lines: { expr: string; legend: string }[];
  kind?: 'timeseries' | 'table' | 'stat';
}

export interface Row {
  title: string;
  panels: Panel[];
}

const OF = 'model=~"$model"';
const rate = (metric: string, where = OF) => `rate(${metric}{${where}}[$__rate_interval])`;
const quantile = (share: number, metric: string, by = 'le') =>
  `histogram_quantile(${share}, sum by (${by}) (${rate(`${metric}_bucket`)}))`;
const meanOf = (metric: string) => `sum(${rate(`${metric}_sum`)}) / sum(${rate(`${metric}_count`)})`;

/** The same as /dashboard shows, in its order. */
export const ROWS: Row[] = [
  {
    title: 'Serving',
    panels: [
      {
        title: 'Latency',
        says: 'From the request to its answer, of calls that were answered',
        unit: 's',
        lines: [0.5, 0.95, 0.99].map((share) => ({
          expr: quantile(share, METRIC.callSeconds),
          legend: `p${100 * share}`,
        })),
      },
      {
        title: 'Throughput',
        says: 'All calls, and rows that were answered',
        unit: 'reqps',
        lines: [
          { expr: `sum(${rate(METRIC.calls)})`, legend: 'calls' },
          { expr: `sum(${rate(METRIC.rows)})`, legend: 'rows' },
        ],
      },
      {
        title: 'Errors by code',
        says: 'Calls that were refused or failed; what names no model that is there is of the model other',
        unit: 'reqps',
        lines: [
          {
            expr: `sum by (code) (${rate(METRIC.calls, 'model=~"$model|other",code!="OK"')})`,
            legend: '{{code}}',
          },
        ],
      },
      {
        title: 'Queue',
        says: 'Requests that wait for a batch now',
        unit: 'short',
        lines: [{ expr: `sum by (model) (${METRIC.queueLength}{${OF}})`, legend: '{{model}}' }],
      },
      {
        title: 'Wait for a batch',
        says: 'The longest wait of any request of a batch',
        unit: 's',
        lines: [0.5, 0.99].map((share) => ({
          expr: quantile(share, METRIC.waitSeconds),
          legend: `p${100 * share}`,
        })),
      },
      {
        title: 'Batches',
        says: 'Mean rows and requests of a batch',
        unit: 'short',
        lines: [
          { expr: meanOf(METRIC.batchRows), legend: 'rows' },
          { expr: meanOf(METRIC.batchRequests), legend: 'requests' },
        ],
      },
      {
        title: 'Batch time',
        says: 'What a batch took to compute, by version',
        unit: 's',
        lines: [
          {
            expr: quantile(0.95, METRIC.batchSeconds, 'le, model, version'),
            legend: '{{model}} {{version}} p95',
          },
        ],
      },
      {
        title: 'Cache',
        says: 'Share of answers that came from the cache',
        unit: 'percentunit',
        lines: [
          {
            expr: `sum(${rate(METRIC.cache, `${OF},result="hit"`)}) / sum(${rate(METRIC.cache)})`,
            legend: 'from the cache',
          },
        ],
      },
      {
        title: 'Versions',
        says: 'Processes in which a version is in a state, and what it took to load',
        unit: 'short',
        kind: 'table',
        lines: [
          { expr: `sum by (model, version, state) (${METRIC.versions}{${OF}})`, legend: '' },
          { expr: `max by (model, version) (${METRIC.loadSeconds}{${OF}})`, legend: '' },
        ],
      },
    ],
  },
  {
    title: 'Quality',
    panels: [
      {
        title: 'Error of forecasts',
        says: 'MAPE of the last seven days with an outcome, beside the operator and a persistence',
        unit: 'percent',
        lines: [{ expr: `${HOME_METRIC.mape}{${OF}}`, legend: '{{model}} {{region}} {{source}}, {{by}}' }],
      },
      {
        title: 'Classifiers',
        says: 'Of A/B tests whose outcomes say what was so',
        unit: 'percentunit',
        lines: [
          {
            expr: `${HOME_METRIC.classifier}{score=~"precision|recall|f1"}`,
            legend: '{{version}} {{score}}',
          },
        ],
      },
      {
        title: 'Drift',
        says: 'MAPE of the window of the last look, beside that of when the version was registered',
        unit: 'percent',
        lines: [{ expr: `${HOME_METRIC.driftMape}{${OF}}`, legend: '{{model}} {{region}}, {{of}}' }],
      },
      {
        title: 'What has drifted',
        says: 'Findings of the last look',
        unit: 'short',
        kind: 'stat',
        lines: [{ expr: `${HOME_METRIC.driftFindings}{${OF}}`, legend: '{{model}}' }],
      },
    ],
  },
  {
    title: 'A/B tests and shadows',
    panels: [
      {
        title: 'Who answers',
        says: 'Calls that name no version, by who was dealt to them',
        unit: 'reqps',
        lines: [
          {
            expr: `sum by (version, role) (${rate(TRAFFIC_METRIC.dealt)})`,
            legend: '{{role}}, version {{version}}',
          },
        ],
      },
      {
        title: 'Outcomes',
        says: 'What came of answers, as it was told',
        unit: 'reqps',
        lines: [
          {
            expr: `sum by (test, result) (${rate(TRAFFIC_METRIC.outcomes, '')})`,
            legend: '{{test}} {{result}}',
          },
        ],
      },
      {
        title: 'Shadow',
        says: 'The greatest difference of a candidate’s answers from the champion’s, relative',
        unit: 'percentunit',
        lines: [
          {
            expr: quantile(0.95, TRAFFIC_METRIC.shadowDifference, 'le, candidate, output'),
            legend: '{{candidate}} {{output}} p95',
          },
        ],
      },
    ],
  },
  {
    title: 'Training, jobs and alerts',
    panels: [
      {
        title: 'Training',
        says: 'Loss of the last step, of each slot of a ring; absent while nothing trains',
        unit: 'short',
        lines: [{ expr: 'ringwatt_training_loss', legend: '{{run}} slot {{rank}}' }],
      },
      {
        title: 'Steps',
        says: 'Steps of a run so far',
        unit: 'short',
        lines: [{ expr: 'max by (run) (ringwatt_training_step)', legend: '{{run}}' }],
      },
      {
        title: 'Jobs',
        says: 'How long ago a job last ended so',
        unit: 's',
        kind: 'table',
        lines: [{ expr: `time() - ${HOME_METRIC.jobEnded}{${OF}}`, legend: '' }],
      },
      {
        title: 'Alerts',
        says: 'What fires now',
        unit: 'short',
        kind: 'stat',
        lines: [{ expr: HOME_METRIC.alerts, legend: '{{severity}}' }],
      },
    ],
  },
  {
    title: 'System health',
    panels: [
      {
        title: 'Processes',
        says: 'Processes that serve',
        unit: 'short',
        kind: 'stat',
        lines: [{ expr: `sum(${METRIC.processes})`, legend: 'serving' }],
      },
      {
        title: 'Memory',
        says: 'Of each serving process',
        unit: 'bytes',
        lines: [{ expr: METRIC.processMemory, legend: '{{instance}} {{process}}' }],
      },
      {
        title: 'Processor',
        says: 'Of one core, by serving process',
        unit: 'percentunit',
        lines: [{ expr: rate(METRIC.processCpu, ''), legend: '{{instance}} {{process}}' }],
      },
      {
        title: 'Event loop',
        says: 'The worst stall in 15 s',
        unit: 's',
        lines: [{ expr: METRIC.eventLoopLag, legend: '{{instance}} {{process}}' }],
      },
    ],
  },
];
