import { gaussians, randomOf } from '../../src/model/random.ts';
import { ModelMonitor } from '../../src/monitoring/index.ts';
import type { BenchOptions, Measure } from '../measure.ts';

const LOOKS = 1000;
const SHIFTED_LOOKS = 100;
/** What the source documents compare: 1,000 × 5 of N(0, 1) with a further 200 × 5. */
const [REFERENCE_ROWS, ROWS, COLUMNS] = [1000, 200, 5];
/** One look in a hundred. */
const MOST_FALSE = 0.01;

function rows(seed: string, count: number, mean: number, deviation: number): Float32Array[] {
  const random = randomOf('bench', seed);
  return Array.from({ length: count }, () =>
    gaussians(random, COLUMNS, deviation).map((value) => value + mean),
  );
}

/** How often the library says drift where there is none, and where there is some. */
export function libraryRates({ say }: BenchOptions): Measure[] {
  let [falseLooks, ksAlone, psiAlone] = [0, 0, 0];
  const found = { 'N(2, 1)': 0, 'N(0.5, 1.5)': 0 };
  const shifts = { 'N(2, 1)': [2, 1], 'N(0.5, 1.5)': [0.5, 1.5] } as const;
  for (let seed = 0; seed < LOOKS; seed++) {
    const monitor = new ModelMonitor();
    monitor.registerModel('model', rows(`reference ${seed}`, REFERENCE_ROWS, 0, 1));
    const { alerts, features } = monitor.examine('model', rows(`further ${seed}`, ROWS, 0, 1));
    if (alerts.length > 0) falseLooks += 1;
    if (features.some(({ adjustedP }) => adjustedP <= 0.05)) ksAlone += 1;
    if (features.some(({ psi }) => psi > 0.25)) psiAlone += 1;
    if (seed >= SHIFTED_LOOKS) continue;
    for (const name of Object.keys(shifts) as (keyof typeof shifts)[]) {
      const [mean, deviation] = shifts[name];
      if (monitor.detectDrift('model', rows(`${name} ${seed}`, ROWS, mean, deviation)).length > 0) {
        found[name] += 1;
      }
    }
    if (seed % 50 === 49) say(`library: ${seed + 1} seeds, ${falseLooks} false`);
  }
  const falseRate = falseLooks / LOOKS;
  return [
    {
      measure: `looks at N(0, 1), ${REFERENCE_ROWS} × ${COLUMNS} against ${ROWS} × ${COLUMNS}, with an alert`,
      ...{ ours: falseRate, peer: null, theirs: MOST_FALSE, unit: 'of looks' },
      ...{ ratio: MOST_FALSE / Math.max(falseRate, 1 / LOOKS), floor: 1, holds: falseRate <= MOST_FALSE },
      note: `${LOOKS} seeds; p-values alone ${ksAlone / LOOKS}, index alone ${psiAlone / LOOKS}`,
    },
    ...Object.entries(found).map(([name, count]) => ({
      measure: `looks at ${name} with an alert`,
      ...{ ours: count / SHIFTED_LOOKS, peer: null, theirs: 1, unit: 'of looks' },
      ...{ ratio: count / SHIFTED_LOOKS, floor: 1, holds: count === SHIFTED_LOOKS },
      note: `${SHIFTED_LOOKS} seeds`,
    })),
  ];
}
