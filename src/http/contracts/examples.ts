/** Answers as the documentation shows them. */
export const UUID = '6f1ed002-ab5c-4f1b-9c1e-3b6f8a1d2c44';

export const predictionExample = {
  predictions: [[3, 5, 7]],
  model: { name: 'consumption_forecasting', version: 2, label: 'stable' },
  cached: false,
  request_id: UUID,
};

export const batchExample = {
  results: [
    { ...predictionExample, request_id: `${UUID}-0` },
    {
      error: {
        kind: 'invalid-argument',
        message: 'x must be of shape [-1, 3].',
        cure: 'GET /model/info has the signatures: names, types and shapes of the inputs.',
      },
    },
  ],
  failed: 1,
  request_id: UUID,
};

export const infoExample = {
  name: 'consumption_forecasting',
  version: 2,
  versions: [{ version: 2, state: 'AVAILABLE', labels: ['stable'] }],
  labels: { stable: 2 },
  signatures: {
    serving_default: {
      method: 'tensorflow/serving/predict',
      inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 3] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 3] }],
    },
  },
  record: null,
};

export const forecastExample = {
  id: 'manifests/forecast/9f2c.json',
  region: 'PACW',
  region_name: 'PacifiCorp West',
  time_zone: 'America/Los_Angeles',
  issue_time: '2019-03-14T18:00:00Z',
  issue_time_local: '2019-03-14T11:00:00-07:00',
  by: 'day-ahead',
  unit: 'MW',
  levels: [0.1, 0.5, 0.9],
  hours: [
    {
      hour_ending: '2019-03-15T09:00:00Z',
      hour_ending_local: '2019-03-15T02:00:00-07:00',
      lead_hours: 15,
      mw: 2104.2,
      quantiles_mw: [2051.7, 2104.2, 2166.9],
      latest_known_mw: 2088,
    },
  ],
  horizon_max: 24,
  operator_missing: false,
  model: { name: 'day-ahead', version: 1, role: 'champion', why: 'it is the champion' },
  rating: null,
  request_id: UUID,
};
