import { PADDING } from '../sequences/ring-layout.ts';
import { seasonalLag } from '../sequences/seasonal-base.ts';

/**
 * ln MW by row of a region's table, as known one hour later and as finally published: NaN where there is no believable
 * value. The logarithms are taken once a table, because every hour is asked for at every lead of every sequence.
 */
export interface DemandLogs {
  known: Float64Array;
  final: Float64Array;
}

export function demandLogs({ known, final }: { known: Float32Array; final: Float32Array }): DemandLogs {
  const logs = (demandMw: Float32Array) =>
    Float64Array.from(demandMw, (value) => (value > 0 ? Math.log(value) : Number.NaN));
  return { known: logs(known), final: logs(final) };
}

/**
 * A series whose targets are given: no logarithms, and what its rows lead up to are differences from the row's own
 * level, which stands in `known`.
 */
export function givenLogs({ known, final }: { known: Float32Array; final: Float32Array }): DemandLogs {
  return { known: Float64Array.from(known), final: Float64Array.from(final) };
}

/**
 * tokens × horizon: ln(final[t+L] / known[t+L−24⌈L/24⌉]), NaN where either is missing. A model that says 0 says
 * "as at the newest known same hour". `into` is overwritten and returned.
 */
export function targetsAt(
  { known, final }: DemandLogs,
  start: number,
  positions: Int32Array,
  horizon: number,
  into: Float32Array = new Float32Array(positions.length * horizon),
  lagOf: (lead: number) => number = seasonalLag,
): Float32Array {
  const lags = Int32Array.from({ length: horizon }, (_, i) => lagOf(i + 1));
  for (let token = 0; token < positions.length; token++) {
    const position = positions[token]!;
    for (let i = 0; i < horizon; i++) {
      const row = start + position + i + 1;
      const base = row - lags[i]!;
      const inside = position !== PADDING && base >= 0 && row < final.length;
      into[token * horizon + i] = inside ? final[row]! - known[base]! : Number.NaN;
    }
  }
  return into;
}
