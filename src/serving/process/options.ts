import type { AccessOptions } from '../../access/options.ts';
import type { Config } from '../../config/config.ts';
import type { BatchingOptions } from '../batching/options.ts';
import type { Limits } from '../gate.ts';
import type { ModelConfig } from '../model-config.ts';

/** What one of the processes behind a port is told; crosses to it as it is. */
export interface ServeOptions {
  config: Config;
  /** Absent: that door stays shut. 0: a free port, the same for all processes. */
  ports: { http?: number | undefined; rest?: number | undefined; grpc?: number | undefined };
  /** Every model of the registry, or those that a file or a caller has named. */
  models: 'registry' | readonly ModelConfig[];
  batching: BatchingOptions;
  /** Requests of one `POST /predict/batch`. */
  maxBatchSize: number;
  limits: Limits;
  access: AccessOptions;
  /** Of answers kept in this process; 0: none are. */
  cacheBytes: number;
  /** Whether `GET /metrics` answers. */
  metrics: boolean;
  logLevel: Config['logLevel'];
}
