import type { Home } from '../../src/lake/home.ts';
import { median, type Measure } from '../measure.ts';
import { startPeer } from './peers.ts';
import { alternate, figuresOf, type Side } from './sides.ts';
import { DATA, NETWORK, RING_SIZE, stepSeconds, trainLocally, withHome } from './training.ts';

const FLOOR = 1.5;
const ROUNDS = 5;
/** The first warms up, the others are measured. */
const STEPS = 3;
const OURS = `Ringwatt, ${RING_SIZE} slots of 1 thread`;
const PEER = 'PyTorch eager';

export interface StepOptions {
  python: string;
  say(line: string): void;
  hours?: number;
  rounds?: number;
}

/** A whole training step: forward, loss, backward, sum over the ring, clipping, AdamW. */
export async function measureStep({
  python,
  say,
  hours = 8760,
  rounds = ROUNDS,
}: StepOptions): Promise<Measure[]> {
  const { layers, width, heads } = NETWORK;
  const measure = `training step, ${layers} layers of ${width}, ${heads} heads, ${hours} tokens, ${DATA.channels} features, horizon ${DATA.horizon}, float32`;
  const peer = await startPeer(python, {
    name: PEER,
    script: 'step_torch.py',
    args: [hours, layers, width, heads, DATA.channels, DATA.horizon, RING_SIZE],
    packages: 'torch numpy',
  });
  try {
    return await withHome(async (home) => {
      const waits: number[] = [];
      const sides: Side[] = [ownSide(home, hours, waits)];
      if ('run' in peer) sides.push(peer);
      const figures = await alternate(sides, rounds, say);
      const own = figures.get(OURS)!;
      const theirs = figures.get(PEER);
      const ratio = theirs ? theirs.median / own.median : null;
      const wait = figuresOf(waits.slice(1)).median;
      return [
        {
          measure: `${measure}: ${OURS}`,
          ours: Math.round(own.median),
          spread: [Math.round(own.spread[0]), Math.round(own.spread[1])] as [number, number],
          peer: PEER,
          theirs: theirs ? Math.round(theirs.median) : null,
          unit: 'ms',
          ratio,
          floor: FLOOR,
          holds: ratio === null ? null : ratio >= FLOOR,
          note: [
            `${Math.round((hours / own.median) * 1000)} tokens/s, ${(100 * wait).toFixed(1)} % of the time waiting for what travels`,
            theirs
              ? `${PEER} ${theirs.spread.map(Math.round).join('–')} ms; its network has no rotary turns and no direct path`
              : `${peer.name} ${'absent' in peer ? peer.absent : ''}`,
          ].join('; '),
        },
      ];
    });
  } finally {
    if ('close' in peer) await peer.close();
  }
}

/** Every turn is a short run from the seed, on processes started for it. */
function ownSide(home: Home, hours: number, waits: number[]): Side {
  let turn = 0;
  return {
    name: OURS,
    run: async () => {
      const runId = `step-${turn++}`;
      const { progress, results } = await trainLocally(home, { hours, ...DATA }, { runId, steps: STEPS });
      waits.push(Math.max(...results.map(({ shares }) => shares.wait)));
      return 1000 * median(stepSeconds(progress));
    },
    close: async () => undefined,
  };
}
