import type { AccessOptions } from '../../access/options.ts';
import type { Config } from '../../config/config.ts';
import type { BatchingOptions } from '../batching/options.ts';
import type { Limits } from '../gate.ts';
import type { ModelList } from '../models/targets.ts';

/** What one of the processes behind a port is told; crosses to it as it is. */
export interface ServeOptions {
  config: Config;
  /** Absent: that door stays shut. 0: a free port, the same for all processes. */
  ports: { http?: number | undefined; rest?: number | undefined; grpc?: number | undefined };
  models: ModelList;
  /** Of models that are too large for a process. */
  sharding: {
    /** What one model may take of this process or of a shard; absent: half of the machine's or container's. */
    memoryBytes?: number | undefined;
    /** So many shards; absent: as few as will do. */
    shards?: number | undefined;
    /** host:port of shards elsewhere; none: processes of this host. */
    hosts: readonly string[];
  };
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
