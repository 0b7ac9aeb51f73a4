import { invalidArgument } from '../problem.ts';
import type { CallContext, ModelSpec, PredictAnswer, PredictionService } from '../service.ts';
import { DEFAULT_SIGNATURE, type MethodName, type ServingSignature } from '../signature.ts';
import { DTYPES, type ServingTensor, type TensorMap } from '../tensor.ts';
import type { Limits } from '../gate.ts';
import { markModel } from '../told-errors.ts';
import { exampleInputs } from './example-inputs.ts';
import { checkRows } from './row-limit.ts';

/** The names of outputs that TensorFlow gives to what classifies and what regresses. */
const CLASSES = 'classes';
const SCORES = 'scores';
const VALUES = 'outputs';

const METHODS = {
  classify: { name: 'tensorflow/serving/classify', noun: 'classification' },
  regress: { name: 'tensorflow/serving/regress', noun: 'regression' },
} as const satisfies Record<string, { name: MethodName; noun: string }>;

export interface ClassOf {
  label: Uint8Array;
  score: number;
}

export interface InferenceRequest {
  spec: ModelSpec;
  /** Absent or empty: the default. */
  signature: string | undefined;
  /** Each with its context before it. */
  examples: readonly Uint8Array[];
}

export interface Inference<Result> {
  answer: PredictAnswer;
  /** One for each example. */
  results: Result[];
}

type Parts = { service: PredictionService; limits: Limits };

/** @throws ServingProblem in TensorFlow Serving's words */
export async function classify(
  parts: Parts,
  request: InferenceRequest,
  context: CallContext,
): Promise<Inference<ClassOf[]>> {
  const answer = await infer('classify', parts, request, context);
  return { answer, results: classifications(answer.outputs, request.examples.length) };
}

/** @throws ServingProblem in TensorFlow Serving's words */
export async function regress(
  parts: Parts,
  request: InferenceRequest,
  context: CallContext,
): Promise<Inference<number>> {
  const answer = await infer('regress', parts, request, context);
  return { answer, results: regressions(answer.outputs, request.examples.length) };
}

async function infer(
  method: keyof typeof METHODS,
  { service, limits }: Parts,
  { spec, signature: asked, examples }: InferenceRequest,
  context: CallContext,
): Promise<PredictAnswer> {
  const name = asked || DEFAULT_SIGNATURE;
  let inputs: TensorMap;
  try {
    const signature = service.signatures(spec).signatures.get(name);
    if (!signature) throw invalidArgument(`No signature was found with the name: ${name}`);
    checkMethod(method, signature);
    inputs = exampleInputs(examples, signature);
    checkRows(inputs, signature.inputs, limits);
  } catch (error) {
    markModel(error, spec.name, service);
    throw error;
  }
  return service.predict({ spec, signature: name, inputs }, context);
}

function checkMethod(method: keyof typeof METHODS, signature: ServingSignature): void {
  const { name, noun } = METHODS[method];
  if (signature.method !== name) {
    throw invalidArgument(`Expected ${noun} signature method_name to be ${name}. Was: ${signature.method}`);
  }
  const outputs = new Set(signature.outputs.map((port) => port.name));
  if (method === 'regress') {
    if (outputs.size !== 1) throw invalidArgument('Expected one output Tensor.');
    if (!outputs.has(VALUES)) throw invalidArgument('No regression outputs found in SignatureDef');
    return;
  }
  if (outputs.size !== 1 && outputs.size !== 2) {
    throw invalidArgument(`Expected one or two output Tensors, found ${outputs.size}`);
  }
  if (!outputs.has(CLASSES) && !outputs.has(SCORES)) {
    throw invalidArgument(
      `Expected classification signature outputs to contain at least one of "${CLASSES}" or "${SCORES}".`,
    );
  }
}

function classifications(outputs: TensorMap, count: number): ClassOf[][] {
  const classes = outputs.get(CLASSES);
  const scores = outputs.get(SCORES);
  if (classes) checkClassTensor(classes, CLASSES, 'string', count);
  if (scores) checkClassTensor(scores, SCORES, 'float32', count);
  const width = (classes ?? scores)!.shape[1]!;
  if (classes && scores && classes.shape[1] !== scores.shape[1]) {
    throw invalidArgument(
      `Tensors class and score should match in dim_size(1). Got ${classes.shape[1]} vs. ${scores.shape[1]}`,
    );
  }
  const labels = classes?.data as Uint8Array[] | undefined;
  const numbers = scores?.data as Float32Array | undefined;
  const unnamed = new Uint8Array(0);
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: width }, (_, column) => {
      const at = row * width + column;
      return { label: labels?.[at] ?? unnamed, score: numbers?.[at] ?? 0 };
    }),
  );
}

function checkClassTensor(
  { dtype, shape }: ServingTensor,
  name: string,
  expected: 'string' | 'float32',
  count: number,
): void {
  if (shape.length !== 2) {
    throw invalidArgument(`Expected Tensor shape: [batch_size num_classes] but got [${shape.join(',')}]`);
  }
  if (dtype !== expected) {
    throw invalidArgument(
      `Expected ${name} Tensor of ${DTYPES[expected].tensorflow}. Got: ${DTYPES[dtype].tensorflow}`,
    );
  }
  if (shape[0] !== count) {
    throw invalidArgument(`Expected ${name} output batch size of ${count}. Got: ${shape[0]}`);
  }
}

function regressions(outputs: TensorMap, count: number): number[] {
  const { dtype, shape, data } = outputs.get(VALUES)!;
  if (!(shape.length === 1 || (shape.length === 2 && shape[1] === 1))) {
    throw invalidArgument(
      `Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [${shape.join(',')}]`,
    );
  }
  if (shape[0] !== count) {
    throw invalidArgument(`Input batch size did not match output batch size: ${count} vs. ${shape[0]}`);
  }
  if (dtype !== 'float32') {
    throw invalidArgument(`Expected output Tensor of DT_FLOAT.  Got: ${DTYPES[dtype].tensorflow}`);
  }
  return Array.from(data as Float32Array);
}
