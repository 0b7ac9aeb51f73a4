/** How far a run is, from 0 to 1: whichever of steps and seconds is further. The step in hand counts as taken. */
export function progressOf(
  step: number,
  secondsUsed: number,
  limits: { maxSteps: number; budgetSeconds: number },
): number {
  return Math.min(1, Math.max((step + 1) / limits.maxSteps, secondsUsed / limits.budgetSeconds));
}

/** Linear warm-up, then a cosine to `floor` (Loshchilov & Hutter 2017), as a factor of the peak learning rate. */
export function rateAt(progress: number, { warmUp, floor }: { warmUp: number; floor: number }): number {
  if (progress < warmUp) return progress / warmUp;
  const cooled = (1 - Math.cos((Math.PI * (progress - warmUp)) / (1 - warmUp))) / 2;
  return 1 - (1 - floor) * cooled;
}
