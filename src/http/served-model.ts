import { notFound } from '../serving/problem.ts';
import type { PredictionService } from '../serving/service.ts';
import { HttpProblem } from './problem.ts';

/** The model that is named, or the only one there is. */
export function servedModel(service: PredictionService, name: string | undefined): string {
  const models = service.models();
  if (name !== undefined) {
    if (models.has(name)) return name;
    throw notFound('No model of that name is served.');
  }
  const [only, ...others] = models.keys();
  if (only === undefined) throw notFound('No model is served.');
  if (others.length === 0) return only;
  throw new HttpProblem(
    409,
    'which-model',
    `${models.size} models are served, and the request names none.`,
    `Give one as model_name: ${[...models.keys()].slice(0, 10).join(', ')}.`,
  );
}
