import { forecastInput, type ForecastInput } from '../src/contracts/stages.ts';
import type { StageProgress } from '../src/stages/context.ts';
import type { StageOutput } from '../src/stages/table.ts';
import { parseInput } from '../src/temporal/input.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { underHeartbeat } from './heartbeat.ts';

/** A forecast without its rows: they stay in the home, where the manifest names them. */
export type IssuedForecast = Omit<StageOutput<'forecast'>, 'rows' | 'levels'>;

export const forecastActivities = ({ run, heartbeatMs }: ActivityDependencies) => ({
  issueForecast: (asked: Partial<ForecastInput>): Promise<IssuedForecast> =>
    underHeartbeat<StageProgress, IssuedForecast>(heartbeatMs, async (signal, progress) => {
      const input = parseInput(forecastInput, asked, 'issueForecast');
      const { dataset, reused, model, answeredBy, answers } = await run('forecast', input, {
        signal,
        progress,
      });
      return { dataset, reused, model, answeredBy, answers };
    }),
});
export type ForecastActivities = ReturnType<typeof forecastActivities>;
