import type { Home } from '../lake/home.ts';
import type { PredictionService } from '../serving/service.ts';
import type { Figures } from '../serving/telemetry/figures/figures.ts';
import type { LastingConnection } from '../temporal/lasting-connection.ts';

export interface DashboardParts {
  home: Home;
  temporal: Pick<LastingConnection, 'ask'>;
  /** Of all processes that serve; absent: this one serves no model. */
  figures?: Pick<Figures, 'live'> | undefined;
  service?: Pick<PredictionService, 'models'> | undefined;
}
