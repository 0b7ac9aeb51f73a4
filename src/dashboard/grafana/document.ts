import { METRIC } from '../../serving/telemetry/metric-names.ts';
import { ROWS, type Panel } from './panels.ts';

/** Of Grafana’s grid of 24 columns. */
const WIDTH = 8;
const HEIGHT = 8;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** A Grafana dashboard (schema 39, Grafana 10 and later), to be imported; it asks which Prometheus to read. */
function grafanaDocument(): object {
  const panels: object[] = [];
  let [id, y] = [0, 0];
  for (const { title, panels: own } of ROWS) {
    panels.push({
      id: ++id,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: 24, h: 1 },
      panels: [],
    });
    y += 1;
    for (const [i, panel] of own.entries()) {
      const x = (i % 3) * WIDTH;
      panels.push(panelOf(panel, ++id, { x, y: y + HEIGHT * Math.floor(i / 3), w: WIDTH, h: HEIGHT }));
    }
    y += HEIGHT * Math.ceil(own.length / 3);
  }
  return {
    uid: 'ringwatt-serving',
    title: 'Ringwatt: serving',
    tags: ['ringwatt'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'utc',
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
        {
          name: 'model',
          label: 'Model',
          type: 'query',
          datasource: DATASOURCE,
          query: { query: `label_values(${METRIC.versions}, model)`, refId: 'model' },
          refresh: 2,
          multi: true,
          includeAll: true,
          allValue: '.*',
          current: { text: 'All', value: '$__all' },
        },
      ],
    },
    panels,
  };
}

function panelOf(
  { title, says, unit, lines, kind = 'timeseries' }: Panel,
  id: number,
  gridPos: object,
): object {
  return {
    id,
    type: kind,
    title,
    description: says,
    gridPos,
    datasource: DATASOURCE,
    fieldConfig: { defaults: { unit, ...(kind === 'timeseries' && { min: 0 }) }, overrides: [] },
    options: kind === 'timeseries' ? { legend: { displayMode: 'list', placement: 'bottom' } } : {},
    targets: lines.map(({ expr, legend }, i) => ({
      refId: String.fromCodePoint(65 + i),
      datasource: DATASOURCE,
      expr,
      ...(kind === 'table' ? { format: 'table', instant: true } : { legendFormat: legend }),
    })),
    ...(kind === 'table' && lines.length > 1 && { transformations: [{ id: 'merge', options: {} }] }),
  };
}

/** As it stands in deploy/grafana. */
export const grafanaJson = (): string => `${JSON.stringify(grafanaDocument(), null, 2)}\n`;
