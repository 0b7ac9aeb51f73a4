import { invalidArgument } from '../problem.ts';
import type { ModelSpec, PredictAnswer } from '../service.ts';
import type { InputMessage, ModelSpecMessage } from './messages.ts';

/** @throws ServingProblem INVALID_ARGUMENT where none is named */
export function specOf(message: ModelSpecMessage | null): ModelSpec {
  if (!message) throw invalidArgument('Missing ModelSpec');
  const { name, version, version_label: label } = message;
  if (name === '') throw invalidArgument('ModelSpec has no name specified.');
  if (label !== undefined && label !== '') return { name, label };
  if (!version) return { name };
  if (Number.isSafeInteger(version.value)) return { name, version: version.value };
  throw invalidArgument('The version is too large.');
}

/** Who answered. */
export const specAnswer = ({ model, version, signature }: PredictAnswer): ModelSpecMessage => ({
  name: model,
  version: { value: version },
  signature_name: signature,
});

/** Serialised Examples, each with the context before it. */
export function examplesOf(input: InputMessage | null): Buffer[] {
  const { example_list: plain, example_list_with_context: shared } = input ?? {};
  if (shared) return shared.examples.map((example) => Buffer.concat([shared.context, example]));
  return plain?.examples ?? [];
}
