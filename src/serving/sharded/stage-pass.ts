import { chunksOf, rowsOf } from '../../model/chunks.ts';
import { shapeOf } from '../../model/heads.ts';
import { runOnStates } from '../../model/issue-head.ts';
import { attend, causalBlock, matrixOf, putAway, think, type Pass } from '../../model/layer.ts';
import { ParameterViews } from '../../model/parameter-views.ts';
import type { ParameterLayout } from '../../model/parameters.ts';
import { rotationOf, type Rotation } from '../../model/rotary.ts';
import { embed, predict, runSegment } from '../../model/segments.ts';
import type { Engine } from '../../model/transformer.ts';
import { Workspace } from '../../model/workspace.ts';
import type { IssueValues } from '../../sequences/issue-scaling.ts';
import { lastLayer } from './last-token.ts';
import { dealHours, layersOf, type Place } from './place.ts';
import type { ShardNetwork } from './protocol.ts';
import { scaledIssue, scaleHistory } from './scaling.ts';

/** What one shard is given of one history. */
export interface Share {
  hours: number;
  region: number;
  /** In the first stage raw rows of its hours, later what the stage before made of them: tokens × width. */
  rows: Float32Array;
  /** Of the shard that answers: the raw row of the last hour, and what is known of the issue. */
  lastRow: Float32Array;
  issue: IssueValues & { baseMw: Float32Array };
}

/** What a shard makes of it: what goes to the next stage, or the answer; nothing of ranks without the last hour. */
export type Made =
  | { kind: 'states'; x: Float32Array }
  | { kind: 'answer'; hourly: Float32Array; quantiles: Float32Array }
  | { kind: 'nothing' };

/** The layers of one stage over the tokens of one rank, and the heads after the last of them. */
export class StagePass {
  readonly #network: ShardNetwork;
  readonly #place: Place;
  readonly #layout: ParameterLayout;
  readonly #weights: Float32Array;
  readonly #space = new Workspace();
  /** Of the histories of one length, which most are: what is alike for all of them. */
  #dealt: { hours: number; positions: Int32Array; last: number; rotation: Rotation } | undefined;

  constructor(network: ShardNetwork, place: Place, layout: ParameterLayout, weights: Float32Array) {
    this.#network = network;
    this.#place = place;
    this.#layout = layout;
    this.#weights = weights;
  }

  /** Every rank of the stage must call it for the same history. */
  async run(share: Share, engine: Engine): Promise<Made> {
    const { layers } = this.#network.config;
    const x = await this.states(share, engine);
    if (!x) return { kind: 'nothing' };
    return layersOf(layers, this.#place).to < layers ? { kind: 'states', x } : this.answer(x, share);
  }

  /** What this stage makes of a history; after the last layer the state of the last hour, of the rank that has it. */
  async states(share: Share, engine: Engine): Promise<Float32Array | undefined> {
    const { config } = this.#network;
    const { positions, last, rotation } = this.#dealtFor(share.hours);
    const pass = this.#pass(share, positions, rotation, engine);
    let x: Float32Array | undefined = this.#place.stage === 0 ? await this.#embed(pass, share) : share.rows;
    const { from, to } = layersOf(config.layers, this.#place);
    for (let layer = from; layer < to && x; layer++) {
      if (layer === config.layers - 1) {
        x = await lastLayer(pass, layer, x, { rank: last, position: share.hours - 1 });
        break;
      }
      const attended = await attend(pass, layer, x);
      const next = await think(pass, layer, x, attended);
      putAway(pass, attended);
      // Its arrays are new ones for each layer: without this they would wait for the garbage collector.
      letGo(attended.result.out);
      pass.space.give(x);
      x = next;
    }
    return x;
  }

  /** What `run` gave has left: its memory may be used again. */
  release(x: Float32Array): void {
    this.#space.give(x);
  }

  #dealtFor(hours: number) {
    if (this.#dealt?.hours === hours) return this.#dealt;
    const { positions: all, last } = dealHours(hours, this.#place.ranks);
    const positions = all[this.#place.rank]!;
    const rotation = rotationOf(positions, shapeOf(this.#network.config).headDim);
    return (this.#dealt = { hours, positions, last, rotation });
  }

  #pass({ region }: Share, positions: Int32Array, rotation: Rotation, engine: Engine): Pass {
    const { config } = this.#network;
    this.#space.begin(positions.length);
    return {
      weights: new ParameterViews(this.#layout, this.#weights, region),
      positions,
      rotation,
      chunks: chunksOf(positions.length, config),
      width: config.width,
      block: causalBlock(config, engine),
      engine,
      space: this.#space,
    };
  }

  async #embed(pass: Pass, { region, rows }: Share): Promise<Float32Array> {
    const { config, normaliser } = this.#network;
    const channels = config.channels.length;
    const scaling = { channels, region: config.regions[region]!, normaliser };
    const x = pass.space.take(pass.positions.length * pass.width);
    for (const chunk of pass.chunks) {
      const inputs = pass.space.take((chunk.to - chunk.from) * channels);
      scaleHistory(rowsOf(rows, channels, chunk), inputs, scaling);
      const weights = pass.weights.matrices(['embed.input', 'embed.region']);
      runSegment(embed(matrixOf(inputs, channels)), weights, rowsOf(x, pass.width, chunk));
      pass.space.give(inputs);
      await pass.engine.pause();
    }
    return x;
  }

  /** `x` is the state of the last hour. */
  answer(x: Float32Array, { region, lastRow, issue }: Share): Extract<Made, { kind: 'answer' }> {
    const weights = new ParameterViews(this.#layout, this.#weights, region);
    const { config, normaliser, answersIssues } = this.#network;
    const { regions, width, horizon, outputScale } = config;
    const scaling = { channels: config.channels.length, region: regions[region]!, normaliser };
    const inputs = new Float32Array(lastRow.length);
    scaleHistory(lastRow, inputs, scaling);
    const head = weights.matrices(['head.gain', 'head.out', 'head.region', 'head.direct']);
    const hourly = new Float32Array(horizon);
    runSegment(predict(matrixOf(inputs, inputs.length)), [matrixOf(x, width), ...head], hourly);
    for (let i = 0; i < hourly.length; i++) hourly[i] = Math.exp(hourly[i]! * outputScale);
    if (!answersIssues) return { kind: 'answer', hourly, quantiles: new Float32Array(0) };
    const { scale, quantiles: levels } = config.issueHead!;
    const values = scaledIssue(issue, regions[region]!, normaliser);
    const { outputs } = runOnStates(config.issueHead!, weights, x, values);
    const quantiles = outputs.map(
      (output, i) => issue.baseMw[Math.floor(i / levels.length)]! * Math.exp(output * scale),
    );
    return { kind: 'answer', hourly, quantiles };
  }
}

function letGo({ buffer }: Float32Array): void {
  (buffer as ArrayBuffer).transfer(0);
}
