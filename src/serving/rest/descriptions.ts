import type { VersionStatus } from '../model-config.ts';
import type { ServingPort, Signatures } from '../signature.ts';
import { DTYPES } from '../tensor.ts';

/** `GetModelStatusResponse` as JSON. */
export const statusAnswer = (versions: readonly VersionStatus[]) => ({
  model_version_status: versions.map(versionStatus),
});

/** All models with their versions; TensorFlow Serving has no such address. */
export const modelsAnswer = (models: ReadonlyMap<string, readonly VersionStatus[]>) => ({
  models: [...models].map(([name, versions]) => ({ name, ...statusAnswer(versions) })),
});

/** Numbers of 64 bits are strings in the JSON of Protocol Buffers. */
const versionStatus = ({ version, state, problem }: VersionStatus) => ({
  version: String(version),
  state,
  status: { error_code: problem?.code ?? 'OK', error_message: problem?.message ?? '' },
});

/** `GetModelMetadataResponse` as JSON. */
export const metadataAnswer = (name: string, version: number, signatures: Signatures) => ({
  model_spec: { name, signature_name: '', version: String(version) },
  metadata: {
    signature_def: {
      signature_def: Object.fromEntries(
        [...signatures].map(([signature, { inputs, outputs, method }]) => [
          signature,
          { inputs: portsAnswer(inputs), outputs: portsAnswer(outputs), method_name: method, defaults: {} },
        ]),
      ),
    },
  },
});

const portsAnswer = (ports: readonly ServingPort[]) =>
  Object.fromEntries(
    ports.map(({ name, dtype, shape, tensor }) => [
      name,
      {
        dtype: DTYPES[dtype].tensorflow,
        tensor_shape: {
          dim: (shape ?? []).map((size) => ({ size: String(size), name: '' })),
          unknown_rank: shape === null,
        },
        name: tensor,
      },
    ]),
  );
