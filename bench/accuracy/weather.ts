import type { Measure } from '../measure.ts';
import { runJob } from './job.ts';
import type { Place } from './verb.ts';

const REGIONS = 'ERCO,CISO';
/** By so much at least weather forecasts lower the error: 15 % less. */
const FLOOR = 1 / 0.85;

/** Where weather forecasts exist: trained on 2019 and 2020, scored on 2021, without the operator's forecast. */
export async function weather(place: Place): Promise<Measure[]> {
  const scored = async (name: string, flags: string[]) =>
    runJob(place, {
      name,
      train: '2019..2020',
      score: '2021',
      flags: ['--regions', REGIONS, '--from', '2018', '--to', '2021', '--no-operator', ...flags],
    });
  const without = await scored('no-weather', []);
  const given = await scored('weather', ['--weather']);
  return given.map(({ region, hours, mape }) => {
    const ours = mape['model']!;
    const theirs = without.find((score) => score.region === region)!.mape['model']!;
    return {
      measure: `${region}: MAPE of 2021 with weather forecasts`,
      ours: Number(ours.toFixed(3)),
      peer: 'the same without them',
      theirs: Number(theirs.toFixed(3)),
      unit: '%',
      ratio: theirs / ours,
      floor: Number(FLOOR.toFixed(3)),
      holds: theirs / ours >= FLOOR,
      note: `${hours} hours`,
    };
  });
}
