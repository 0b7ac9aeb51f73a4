/** The names of what a home is measured by, beside those of serving. */
export const HOME_METRIC = {
  mape: 'ringwatt_forecast_mape_percent',
  classifier: 'ringwatt_classifier_score',
  driftFindings: 'ringwatt_drift_findings',
  driftMape: 'ringwatt_drift_mape_percent',
  champion: 'ringwatt_model_champion_version',
  alerts: 'ringwatt_alerts_firing',
  jobEnded: 'ringwatt_job_ended_seconds',
} as const;
