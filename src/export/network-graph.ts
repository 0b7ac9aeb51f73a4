import { BATCH, type Graph, type Port, type Value } from './graph.ts';
import { GraphBuilder } from './graph-builder.ts';
import { hourlyRatios, issueRatios } from './heads-graph.ts';
import { historyHours, parametersOf, type RegisteredNetwork } from './network.ts';
import { scaledHistory, scaledIssue } from './scaling-graph.ts';
import { lastState, type Writing } from './trunk-graph.ts';

/** The whole of a network, from raw features to MW; docs/export.md tells of its inputs and outputs. */
export function networkGraph(network: RegisteredNetwork, { queries }: Pick<Writing, 'queries'> = {}): Graph {
  const { config } = network;
  const g = new GraphBuilder();
  const hours = historyHours(network);
  const channels = config.channels.length;
  const history = g.input({
    ...port('history', [BATCH, hours, channels], ['hours', 'channels']),
    unit: 'as each feature, NaN where there is no value',
    about:
      'Features of the hours up to the newest whose demand is known, oldest first, one channel each in the order of `channels`.',
  });
  const knownHours = g.input({
    ...port('history_hours', [BATCH], [], 'int32'),
    unit: 'hours',
    about: `How many of the last hours of \`history\` count, 1 to ${hours}; those before are not looked at.`,
  });
  const region = g.input({
    ...port('region', [BATCH], [], 'int32'),
    unit: 'index',
    about: `Which of the regions, from 0: ${config.regions.join(', ')}.`,
  });
  const inputs = scaledHistory(g, network, history, region);
  const writing: Writing = { g, config, parameter: parametersOf(network), region, queries };
  const state = lastState(writing, inputs, knownHours);
  if (network.answersIssues) writeIssues(writing, network, state);
  const lastInputs = g.reshape(g.slice(inputs, 1, hours - 1, hours), [BATCH, channels]);
  g.output(
    {
      ...{ name: 'hourly_ratio', axes: ['batch', 'hours ahead'], unit: '1' },
      about:
        'Demand of each of the next hours as a multiple of demand at the newest known hour of the same hour of day.',
    },
    g.exp(hourlyRatios(writing, state, lastInputs)),
  );
  return g.build();
}

function writeIssues(writing: Writing, network: RegisteredNetwork, state: Value): void {
  const { g, region } = writing;
  const head = network.config.issueHead!;
  const { horizon, columns, dayColumns } = head;
  const features = g.input({
    ...port('issue_features', [BATCH, horizon, columns.length], ['target hours', 'columns']),
    unit: 'as each column, NaN where there is no value',
    about: 'What is known of each target hour at the issue, in the order of `issueColumns`.',
  });
  const day =
    dayColumns.length === 0
      ? undefined
      : g.input({
          ...port('issue_day', [BATCH, dayColumns.length], ['columns']),
          unit: 'as each column, NaN where there is no value',
          about: "What is known of the issue's day as a whole, in the order of `dayColumns`.",
        });
  const base = g.input({
    ...port('base_mw', [BATCH, horizon], ['target hours']),
    unit: 'MW',
    about: 'What each target hour is forecast as a ratio to.',
  });
  const ratios = issueRatios(
    writing,
    head,
    state,
    scaledIssue(g, network, 'hours', features, region),
    day && scaledIssue(g, network, 'day', day, region),
  );
  g.output(
    {
      ...{ name: 'quantiles_mw', axes: ['batch', 'target hours', 'levels'], unit: 'MW' },
      about: 'Demand of each target hour at each of `quantiles`, ascending.',
    },
    g.multiply(g.reshape(base, [BATCH, horizon, 1]), g.exp(ratios)),
  );
}

/** Axes after the batch. */
function port(
  name: string,
  shape: readonly number[],
  axes: readonly string[],
  dtype: Port['dtype'] = 'float32',
): Pick<Port, 'name' | 'dtype' | 'shape' | 'axes'> {
  return { name, dtype, shape, axes: ['batch', ...axes] };
}
