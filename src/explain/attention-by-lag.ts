import { startBackend } from '../backend/backend.ts';
import { planWindows } from '../backtest/windows.ts';
import type { Attention } from '../contracts/explain.ts';
import { HOUR_SECONDS } from '../contracts/time.ts';
import type { IssueTable } from '../day-ahead/issue-table.ts';
import { MissingDataError } from '../errors.ts';
import type { SequenceSource, TrainedNetwork } from '../forecasters/transformer.ts';
import { shapeOf } from '../model/heads.ts';
import type { Engine, Tokens } from '../model/transformer.ts';
import { Collectives } from '../ring/collectives.ts';
import { attentionRow } from './attention-rows.ts';
import { lagRanges, rangeOfLag } from './lag-bins.ts';
import { throughTrunk, type Network } from './trunk.ts';

export interface AttentionOptions {
  signal: AbortSignal;
  progress?(done: number): void;
}

/**
 * Which past hours a region's forecasts looked at: the attention of the token of each issue's newest known hour, by how
 * many hours back it goes, as mean over issues and heads, for each layer and for all. In the same windows of the
 * sequence that forecasts read it in.
 */
export async function attentionByLag(
  { model, sequenceLength }: Pick<TrainedNetwork, 'model' | 'sequenceLength'>,
  source: SequenceSource,
  { region, standingAt }: Pick<IssueTable, 'region' | 'standingAt'>,
  { signal, progress }: AttentionOptions,
): Promise<Attention> {
  const { first, hours } = await source.hoursOf(region);
  const rows = Array.from(standingAt, (at) => (at - first) / HOUR_SECONDS);
  const windows = planWindows(
    rows.filter((row) => row >= 0 && row < hours),
    sequenceLength,
    hours,
  );
  const reaches = windows.flatMap(({ from, read }) => read.map((row) => row - from + 1));
  if (reaches.length === 0) {
    throw new MissingDataError(
      `The sequences hold none of the hours before the forecasts of ${region}.`,
      'Explain another period, or other regions.',
    );
  }
  const engine = await engineOf(signal);
  const tally = new Tally(model.config, reaches);
  for (const [done, { from, to, read }] of windows.entries()) {
    progress?.(done / windows.length);
    const inputs = await source.inputsOf(region, from, to);
    const positions = Int32Array.from({ length: to - from }, (_, i) => i);
    const tokens = { inputs, positions, region: model.regions.indexOf(region) };
    const queries = read.map((row) => row - from);
    await tally.add(model, tokens, queries, engine);
  }
  return tally.result();
}

async function engineOf(signal: AbortSignal): Promise<Engine> {
  const backend = await startBackend();
  return {
    ring: Collectives.alone(),
    attention: backend.attention(),
    pause: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    },
  };
}

/** Sums of attention by layer and range of lags. */
class Tally {
  readonly #config: Network['config'];
  readonly #reaches: readonly number[];
  readonly #ranges;
  readonly #rangeOf: Int32Array;
  /** By layer and range. */
  readonly #sums: Float64Array[];

  constructor(config: Network['config'], reaches: readonly number[]) {
    this.#config = config;
    this.#reaches = reaches.map((reach) => Math.min(reach, config.window ?? reach));
    this.#ranges = lagRanges(Math.max(...this.#reaches));
    this.#rangeOf = rangeOfLag(this.#ranges);
    this.#sums = Array.from({ length: config.layers }, () => new Float64Array(this.#ranges.length));
  }

  async add(network: Network, tokens: Tokens, queries: readonly number[], engine: Engine): Promise<void> {
    const { heads, window } = this.#config;
    const shape = shapeOf(this.#config);
    const row = new Float64Array(tokens.positions.length);
    await throughTrunk(network, tokens, engine, async (layer, { local }) => {
      const sums = this.#sums[layer]!;
      for (const query of queries) {
        for (let head = 0; head < heads; head++) {
          attentionRow(local, shape, { head, query, window }, row);
          for (let j = 0; j <= query; j++) {
            const bin = this.#rangeOf[query - j];
            if (bin !== undefined) sums[bin] = sums[bin]! + row[j]! / heads;
          }
        }
        await engine.pause();
      }
    });
  }

  result(): Attention {
    const issues = this.#reaches.length;
    const { layers, heads } = this.#config;
    return {
      issues,
      layers,
      heads,
      reach: { least: Math.min(...this.#reaches), most: Math.max(...this.#reaches) },
      bins: this.#ranges.map(({ from, to }, bin) => {
        const byLayer = this.#sums.map((sums) => sums[bin]! / issues);
        const alike = this.#reaches.map((reach) => Math.max(0, Math.min(to, reach) - from) / reach);
        return {
          from,
          to,
          share: byLayer.reduce((a, b) => a + b, 0) / layers,
          alike: alike.reduce((a, b) => a + b, 0) / issues,
          byLayer,
        };
      }),
    };
  }
}
