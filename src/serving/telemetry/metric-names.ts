/** The names of what serving measures, for whoever shows it: /dashboard, Grafana, the tests of both. */
export const METRIC = {
  calls: 'ringwatt_serving_calls_total',
  callSeconds: 'ringwatt_serving_call_seconds',
  rows: 'ringwatt_serving_rows_total',
  cache: 'ringwatt_serving_cache_total',
  queueLength: 'ringwatt_serving_queue_length',
  waitSeconds: 'ringwatt_serving_wait_seconds',
  batchRows: 'ringwatt_serving_batch_rows',
  batchRequests: 'ringwatt_serving_batch_requests',
  batchSeconds: 'ringwatt_serving_batch_seconds',
  versions: 'ringwatt_serving_versions',
  loadSeconds: 'ringwatt_serving_load_seconds',
  processes: 'ringwatt_serving_processes',
  processMemory: 'ringwatt_serving_process_memory_bytes',
  processCpu: 'ringwatt_serving_process_cpu_seconds',
  eventLoopLag: 'ringwatt_serving_event_loop_lag_seconds',
} as const;
