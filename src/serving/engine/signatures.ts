import { BadInputError } from '../../errors.ts';
import type { Signature, SignaturePort } from '../../export/signatures.ts';
import type { MethodName, ServingPort, ServingSignature, Signatures } from '../signature.ts';
import { dtypeByName } from '../tensor.ts';

const METHODS: readonly string[] = [
  'tensorflow/serving/predict',
  'tensorflow/serving/classify',
  'tensorflow/serving/regress',
] satisfies MethodName[];

/** A SavedModel's signatures as serving knows them. */
export function servingSignatures(signatures: ReadonlyMap<string, Signature>): Signatures {
  const served = new Map<string, ServingSignature>();
  for (const [name, { method, inputs, outputs }] of signatures) {
    if (!METHODS.includes(method)) continue;
    served.set(name, {
      method: method as MethodName,
      inputs: inputs.map(portOf),
      outputs: outputs.map(portOf),
    });
  }
  if (served.size > 0) return served;
  throw new BadInputError('The SavedModel has no signature to serve.', 'Save it with serving_default.');
}

function portOf({ name, tensor, dtype: tensorflow, shape }: SignaturePort): ServingPort {
  const dtype = dtypeByName(tensorflow);
  if (dtype) return { name, dtype, shape, tensor };
  throw new BadInputError(
    `The port ${name} is of ${tensorflow}, which is not served.`,
    'Export it in float32, float64, int32, int64, uint8, bool or string.',
  );
}
