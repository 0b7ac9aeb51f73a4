import type { TimeShares } from '../../contracts/training.ts';
import { count, megabytes, share } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { factList } from '../fact-list.ts';
import { table } from '../table.ts';
import type { ReportData } from '../report-data.ts';

/** What the ring was made of, what broken rings have cost, and where each slot's time went. */
export function ringFacts({ training }: ReportData): Markup {
  const { kernel, numerics, slotShares, slotMemoryMb, wireError, bitsMayDiffer } = training;
  const facts: [string, string | undefined][] = [
    ['Attention', kernel === undefined ? undefined : (KERNELS[kernel ?? 'none'] ?? kernel ?? undefined)],
    ['Rings that broke', lossOf(training)],
    ['Computed with', numerics],
    ['Rounded on the wire', wireError],
    [
      'Bits',
      bitsMayDiffer
        ? 'may differ from an undisturbed run: not all rings had the size, or the one kind of slots, that was asked for'
        : undefined,
    ],
  ];
  return html`<h3>How it was trained</h3>
    ${factList(facts)} ${slotShares && slotShares.length > 0 && sharesTable(slotShares, slotMemoryMb)}`;
}

const KERNELS: Record<string, string> = {
  avx512: 'compiled kernel, AVX-512',
  avx2: 'compiled kernel, AVX2',
  neon: 'compiled kernel, NEON',
  portable: 'compiled kernel, portable',
  none: 'TensorFlow.js',
};

function lossOf({ restarts, stepsLost, fullRestarts }: ReportData['training']): string {
  if (restarts === 0) return 'none';
  const back = fullRestarts === 0 ? 'no return' : `${count(fullRestarts)} returns`;
  return `${count(restarts)}: ${count(stepsLost)} ${stepsLost === 1 ? 'step' : 'steps'} done again, ${back} to a checkpoint`;
}

const COLUMNS = [
  'Slot',
  'Computing',
  'Waiting for a neighbour',
  'Waiting for data',
  'Packing',
  'Peak memory',
];

function sharesTable(slotShares: readonly TimeShares[], memory: readonly number[]): Markup {
  const rows = slotShares.map(({ compute, wait, data, transfer }, rank): [number, ...string[]] => [
    rank,
    ...[compute, wait, data, transfer].map(share),
    megabytes(memory[rank]),
  ]);
  return html`${table(COLUMNS, rows)}
    <p class="note">
      Shares of the last ring's time. Waiting for a neighbour is what communication costs; packing and
      checking what travels goes on beside the rest.
    </p>`;
}
