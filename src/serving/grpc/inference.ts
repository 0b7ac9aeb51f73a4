import { classify, type ClassOf, regress } from '../doors/inference.ts';
import type { WireDoorParts } from '../doors/parts.ts';
import { invalidArgument, ServingProblem } from '../problem.ts';
import type { CallContext } from '../service.ts';
import { DEFAULT_SIGNATURE } from '../signature.ts';
import type { InferenceMessage, InputMessage, ModelSpecMessage, MultiInferenceMessage } from './messages.ts';
import { examplesOf, specAnswer, specOf } from './model-spec.ts';

export async function answerClassify(parts: WireDoorParts, request: InferenceMessage, context: CallContext) {
  const { answer, results } = await classify(parts, inferenceOf(request.model_spec, request.input), context);
  return { model_spec: specAnswer(answer), result: classificationResult(results) };
}

export async function answerRegress(parts: WireDoorParts, request: InferenceMessage, context: CallContext) {
  const { answer, results } = await regress(parts, inferenceOf(request.model_spec, request.input), context);
  return { model_spec: specAnswer(answer), result: regressionResult(results) };
}

/** The same examples for several signatures of one model. */
export async function answerMultiInference(
  parts: WireDoorParts,
  { tasks, input }: MultiInferenceMessage,
  context: CallContext,
) {
  const names = new Set(tasks.map(({ model_spec }) => model_spec?.name));
  if (names.size > 1) {
    throw invalidArgument('All ModelSpecs in a MultiInferenceRequest must access the same model name.');
  }
  const signatures = tasks.map(({ model_spec }) => model_spec?.signature_name || DEFAULT_SIGNATURE);
  const twice = signatures.find((name, index) => signatures.indexOf(name) < index);
  if (twice !== undefined) throw invalidArgument(`Duplicate evaluation of signature: ${twice}`);
  const results = await Promise.all(
    tasks.map(async ({ model_spec, method_name: method }) => {
      const asked = inferenceOf(model_spec, input);
      if (method === 'tensorflow/serving/classify') {
        const { answer, results } = await classify(parts, asked, context);
        return { model_spec: specAnswer(answer), classification_result: classificationResult(results) };
      }
      if (method === 'tensorflow/serving/regress') {
        const { answer, results } = await regress(parts, asked, context);
        return { model_spec: specAnswer(answer), regression_result: regressionResult(results) };
      }
      throw new ServingProblem('UNIMPLEMENTED', `Unsupported signature method_name: ${method}`);
    }),
  );
  return { results };
}

const inferenceOf = (model: ModelSpecMessage | null, input: InputMessage | null) => ({
  spec: specOf(model),
  signature: model?.signature_name,
  examples: examplesOf(input),
});

const classificationResult = (results: readonly (readonly ClassOf[])[]) => ({
  classifications: results.map((classes) => ({
    classes: classes.map(({ label, score }) => ({ label: Buffer.from(label).toString('utf8'), score })),
  })),
});

const regressionResult = (results: readonly number[]) => ({
  regressions: results.map((value) => ({ value })),
});
