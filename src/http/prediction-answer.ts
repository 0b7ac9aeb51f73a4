import type { PredictFormat } from '../serving/rest/json-tensors.ts';
import { writePrediction } from '../serving/rest/write-tensors.ts';
import type { PredictAnswer } from '../serving/service.ts';
import type { TensorMap } from '../serving/tensor.ts';
import { HttpProblem } from './problem.ts';

/** An answer as JSON; its tensors are written once, by what writes them for TensorFlow Serving's clients. */
export function predictionJson(answer: PredictAnswer, format: PredictFormat, requestId: string): Buffer {
  const { model: name, version, label, outputs, cached, dealt } = answer;
  requireFinite(outputs);
  const written = writePrediction(outputs, format);
  // `{"predictions": …}` or `{"outputs": …}`: what is wanted is the value.
  const value = written.subarray(written.indexOf(':') + 1, written.lastIndexOf('}'));
  const rest = JSON.stringify({
    model: { name, version, label },
    cached,
    request_id: requestId,
    ...(dealt && { ab_test: { ...dealt, rating_id: `${dealt.test}:${dealt.request}` } }),
  });
  return Buffer.concat([Buffer.from('{"predictions":'), value, Buffer.from(`,${rest.slice(1)}`)]);
}

function requireFinite(outputs: TensorMap): void {
  for (const { dtype, data } of outputs.values()) {
    if (dtype !== 'float32' && dtype !== 'float64') continue;
    if ((data as Float32Array).every(Number.isFinite)) continue;
    throw new HttpProblem(
      422,
      'not-finite',
      'The model answers these data with values that are no finite numbers.',
      'Look at the data: they may lie far outside of what it was trained on.',
    );
  }
}
