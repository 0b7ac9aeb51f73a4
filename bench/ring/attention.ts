import type { Measure } from '../measure.ts';
import { FmaPeak } from './fma-peak.ts';
import { OwnRing, type AttentionShape } from './own-ring.ts';
import { startPeer, type PeerScript } from './peers.ts';
import { alternate, type AbsentSide, type Figures, type Side } from './sides.ts';

const SHAPE: AttentionShape = { tokens: 8192, heads: 8, headDim: 64 };
const CORES = 2;
const ROUNDS = 5;

/**
 * What attention has to compute, causal, forward and backward: q·kᵀ and p·v, then q·kᵀ once more, dOut·vᵀ, pᵀ·dOut,
 * ds·k and dsᵀ·q, seven products of heads·tokens²·headDim multiply-adds (two operations each), of which the mask leaves
 * half. The same count for every side; exponentials and what is computed twice count as nothing.
 */
const gigaflopsOf = ({ tokens, heads, headDim }: AttentionShape) => (7 * heads * tokens ** 2 * headDim) / 1e9;

const ONE = `one process, ${CORES} threads`;
const RING = `ring of ${CORES} processes, 1 thread each`;
const TORCH = 'PyTorch SDPA';
const LUCIDRAINS = 'lucidrains/ring-attention-pytorch';
const JAX_DEVICES = [2, 4];
const jax = (devices: number) => `haoliuhl/ringattention, ${devices} devices`;

/** The measures of attention, by what --only calls them. */
export const ATTENTION_MEASURES = ['attention', 'two-processes', 'jax', 'lucidrains', 'peak'] as const;
export type AttentionMeasure = (typeof ATTENTION_MEASURES)[number];

export interface AttentionOptions {
  python: string;
  wanted: ReadonlySet<string>;
  say(line: string): void;
  shape?: AttentionShape;
  rounds?: number;
}

/** All that compares attention, in one alternating run of all sides. */
export async function measureAttention(options: AttentionOptions): Promise<Measure[]> {
  const { shape = SHAPE, rounds = ROUNDS, wanted } = options;
  const sides: Side[] = [];
  const absent: AbsentSide[] = [];
  const take = <S extends Side>(side: S | AbsentSide): S | undefined => {
    if ('absent' in side) absent.push(side);
    else sides.push(side);
    return 'absent' in side ? undefined : side;
  };
  const wants = (...measures: AttentionMeasure[]) => measures.some((measure) => wanted.has(measure));
  try {
    const one = wants('attention', 'peak')
      ? take(await OwnRing.start(ONE, shape, { worldSize: 1, threads: CORES }))
      : undefined;
    const ring = wants('two-processes', 'jax', 'lucidrains')
      ? take(await OwnRing.start(RING, shape, { worldSize: CORES, threads: 1 }))
      : undefined;
    const peak = wants('peak') ? take(await FmaPeak.start(CORES)) : undefined;
    for (const peer of peersFor(wants, shape)) take<Side>(await startPeer(options.python, peer));
    const figures = await alternate(sides, rounds, options.say);
    const results = new Results(figures, absent, shape);
    const kernel = `kernel: ${(one ?? ring)?.kernel ?? 'none, TensorFlow.js computes'}`;
    const measures: Measure[] = [];
    if (wants('attention')) measures.push(results.against(ONE, [TORCH], 2, kernel));
    if (ring && wants('two-processes')) {
      const { exposedShare, transferShare, megabytesSent } = ring.communication();
      const share = `waiting for what travels ${percent(exposedShare)} of the time, handling it ${percent(transferShare)}, ${Math.round(megabytesSent)} MB sent a rank`;
      measures.push(results.against(RING, [TORCH], 1.8, `${kernel}; ${share}`), exposed(exposedShare));
    }
    if (wants('jax')) measures.push(results.against(RING, JAX_DEVICES.map(jax), 3.5, kernel));
    if (wants('lucidrains')) measures.push(results.against(RING, [LUCIDRAINS], 10, kernel));
    if (wants('peak')) measures.push(results.shareOf(peak?.gigaflops(), 0.65));
    return measures;
  } finally {
    await Promise.all(sides.map((side) => side.close()));
  }
}

function peersFor(
  wants: (...measures: AttentionMeasure[]) => boolean,
  { tokens, heads, headDim }: AttentionShape,
): PeerScript[] {
  const size = [tokens, heads, headDim];
  const torch = { script: 'attention_torch.py', args: [...size, CORES], packages: 'torch numpy' };
  const lucidrains = {
    script: 'attention_lucidrains.py',
    args: [...size, CORES],
    packages: 'torch ring-attention-pytorch',
  };
  return [
    ...(wants('attention', 'two-processes') ? [{ name: TORCH, ...torch }] : []),
    ...(wants('jax')
      ? JAX_DEVICES.map((devices) => ({
          name: jax(devices),
          script: 'attention_jax.py',
          args: [...size, CORES, devices],
          packages: 'jax ringattention',
        }))
      : []),
    ...(wants('lucidrains') ? [{ name: LUCIDRAINS, ...lucidrains }] : []),
  ];
}

/** Turns medians into measures. */
class Results {
  readonly #figures: Map<string, Figures>;
  readonly #absent: AbsentSide[];
  readonly #shape: AttentionShape;

  constructor(figures: Map<string, Figures>, absent: AbsentSide[], shape: AttentionShape) {
    this.#figures = figures;
    this.#absent = absent;
    this.#shape = shape;
  }

  /** Ours against the fastest of a peer's settings; a setting that is missing leaves the comparison open. */
  against(name: string, peers: string[], floor: number, note: string): Measure {
    const own = this.#figures.get(name)!;
    const { tokens, heads, headDim } = this.#shape;
    const missing = this.#absent.filter((side) => peers.includes(side.name));
    const [fastest] = peers
      .flatMap((peer) => (this.#figures.has(peer) ? [{ peer, ...this.#figures.get(peer)! }] : []))
      .toSorted((a, b) => a.median - b.median);
    const decided = missing.length === 0 && fastest !== undefined;
    const ratio = decided ? fastest.median / own.median : null;
    return {
      measure: `attention forward and backward, ${tokens} tokens, ${heads} heads of ${headDim}, causal, float32: ${name}`,
      ours: Math.round(own.median),
      spread: [Math.round(own.spread[0]), Math.round(own.spread[1])],
      peer: fastest?.peer ?? peers[0]!,
      theirs: decided ? Math.round(fastest.median) : null,
      unit: 'ms',
      ratio,
      floor,
      holds: ratio === null ? null : ratio >= floor,
      note: [
        `${Math.round(this.#gigaflopsPerSecond(own))} GFLOP/s`,
        note,
        ...(decided ? [`${fastest.peer} ${fastest.spread.map(Math.round).join('–')} ms`] : []),
        ...missing.map(({ name: side, absent }) => `${side} ${absent}`),
      ].join('; '),
    };
  }

  shareOf(peak: number | undefined, floor: number): Measure {
    const own = this.#gigaflopsPerSecond(this.#figures.get(ONE)!);
    const measure = `share of the processor's FMA peak, forward and backward: ${ONE}`;
    const missing = this.#absent.find(({ name }) => name === 'FMA peak');
    const share = peak === undefined ? null : own / peak;
    return {
      measure,
      ours: share === null ? 0 : rounded(share),
      peer: null,
      theirs: floor,
      unit: 'share',
      ratio: share === null ? null : share / floor,
      floor: 1,
      holds: share === null ? null : share >= floor,
      note:
        peak === undefined
          ? `${missing?.name} ${missing?.absent}`
          : `${Math.round(own)} of ${Math.round(peak)} GFLOP/s on ${CORES} threads`,
    };
  }

  #gigaflopsPerSecond = ({ median }: Figures) => gigaflopsOf(this.#shape) / (median / 1000);
}

/** Communication that nothing hides. */
function exposed(share: number): Measure {
  const target = 0.05;
  return {
    measure: `exposed communication: ${RING}`,
    ours: rounded(share),
    peer: null,
    theirs: target,
    unit: 'share of the time',
    ratio: target / Math.max(share, 1e-6),
    floor: 1,
    holds: share <= target,
    note: 'time in which a rank had nothing to compute because a block or a gradient was not there yet',
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const rounded = (share: number) => Math.round(share * 1000) / 1000;
