import { Message } from '../../export/protobuf.ts';
import { modelConfigs } from '../model-config-file/model-configs.ts';
import type { ModelServerConfigMessage } from '../model-config-file/message.ts';
import type { ModelConfig, VersionStatus } from '../model-config.ts';
import { invalidArgument } from '../problem.ts';
import type { PredictionService } from '../service.ts';
import type { ServingPort, ServingSignature, Signatures } from '../signature.ts';
import { DTYPES } from '../tensor.ts';
import { BadInputError } from '../../errors.ts';
import type { MetadataMessage, StatusMessage } from './messages.ts';
import { specOf } from './model-spec.ts';
import { encodeShape } from './tensor-proto.ts';

const SIGNATURES = 'signature_def';

export function answerMetadata(service: PredictionService, { model_spec, metadata_field }: MetadataMessage) {
  const spec = specOf(model_spec);
  if (metadata_field.length === 0) {
    throw invalidArgument('GetModelMetadataRequest must specify at least one metadata_field');
  }
  const foreign = metadata_field.find((field) => field !== SIGNATURES);
  if (foreign !== undefined) throw invalidArgument(`Metadata field ${foreign} is not supported`);
  const { version, signatures } = service.signatures(spec);
  const value = Buffer.from(encodeSignatures(signatures));
  const type_url = 'type.googleapis.com/tensorflow.serving.SignatureDefMap';
  return {
    model_spec: { name: spec.name, version: { value: version } },
    metadata: { [SIGNATURES]: { type_url, value } },
  };
}

export const answerStatus = (service: PredictionService, { model_spec }: StatusMessage) => ({
  model_version_status: service.status(specOf(model_spec)).map(versionStatus),
});

const versionStatus = ({ version, state, problem }: VersionStatus) => ({
  ...{ version, state },
  status: { error_code: problem?.code ?? 'OK', error_message: problem?.message ?? '' },
});

export interface ReloadMessage {
  config: ModelServerConfigMessage | null;
  metric_names: string[];
}

/** `reloaded` is told of the models, once they are taken. */
export async function answerReload(
  service: PredictionService,
  { config, metric_names }: ReloadMessage,
  reloaded: (models: readonly ModelConfig[]) => Promise<void>,
) {
  if (metric_names.length > 0) {
    throw invalidArgument('metric_names are not answered here: leave them out, and ask GET /metrics.');
  }
  if (!config?.model_config_list) {
    throw invalidArgument(
      'ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported',
    );
  }
  const models = configsOf(config);
  await service.reload(models);
  await reloaded(models);
  return { status: { error_code: 'OK', error_message: '' } };
}

function configsOf(config: ModelServerConfigMessage) {
  try {
    return modelConfigs(config, 'The request');
  } catch (error) {
    if (error instanceof BadInputError) throw invalidArgument(error.line);
    throw error;
  }
}

/** `SignatureDefMap`, which `Any` holds as bytes. */
function encodeSignatures(signatures: Signatures): Uint8Array {
  const map = new Message();
  for (const [name, signature] of signatures) map.entry(1, name, encodeSignature(signature));
  return map.encode();
}

function encodeSignature({ inputs, outputs, method }: ServingSignature): Message {
  const message = new Message();
  for (const port of inputs) message.entry(1, port.name, encodePort(port));
  for (const port of outputs) message.entry(2, port.name, encodePort(port));
  return message.text(3, method);
}

const encodePort = ({ tensor, dtype, shape }: ServingPort): Message =>
  new Message().text(1, tensor).integer(2, DTYPES[dtype].number).message(3, encodeShape(shape));
