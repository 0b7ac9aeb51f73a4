import { PADDING } from '../sequences/ring-layout.ts';
import { seasonalLag } from '../sequences/seasonal-base.ts';

/** MW by row of a region's table: as known one hour later, and as finally published (NaN where not believable). */
export interface DemandTable {
  known: Float32Array;
  final: Float32Array;
}

/**
 * tokens × horizon: ln(final[t+L] / known[t+L−24⌈L/24⌉]), NaN where either is missing. A model that says 0 says
 * "as at the newest known same hour".
 */
export function targetsAt(
  { known, final }: DemandTable,
  start: number,
  positions: Int32Array,
  horizon: number,
): Float32Array {
  const targets = new Float32Array(positions.length * horizon).fill(Number.NaN);
  positions.forEach((position, token) => {
    if (position === PADDING) return;
    for (let lead = 1; lead <= horizon; lead++) {
      const row = start + position + lead;
      const base = known[row - seasonalLag(lead)] ?? Number.NaN;
      const value = final[row] ?? Number.NaN;
      if (base > 0 && value > 0) targets[token * horizon + lead - 1] = Math.log(value / base);
    }
  });
  return targets;
}
