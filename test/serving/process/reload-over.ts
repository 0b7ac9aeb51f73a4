import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, type Client, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const PROTOS = fileURLToPath(new URL('../../../src/serving/grpc/protos', import.meta.url));

interface ModelService extends Client {
  HandleReloadConfigRequest(
    request: object,
    done: (
      error: ServiceError | null,
      answer: { status?: { error_code?: number; error_message?: string } },
    ) => void,
  ): void;
}

/** Asks over gRPC for one version of a folder alone, as `stable`; resolves when it answers everywhere. */
export async function reloadOver(address: string, basePath: string, version: number): Promise<void> {
  const definition = loadSync('serving.proto', { includeDirs: [PROTOS], keepCase: true });
  const { tensorflow } = loadPackageDefinition(definition) as unknown as {
    tensorflow: { serving: { ModelService: new (address: string, secret: object) => ModelService } };
  };
  const client = new tensorflow.serving.ModelService(address, credentials.createInsecure());
  const config = {
    ...{ name: 'dense', base_path: basePath, model_platform: 'tensorflow' },
    model_version_policy: { specific: { versions: [version] } },
    version_labels: { stable: version },
  };
  try {
    await new Promise<void>((resolve, reject) => {
      client.HandleReloadConfigRequest(
        { config: { model_config_list: { config: [config] } } },
        (error, answer) => {
          if (error) reject(error);
          else if (answer.status?.error_code) reject(new Error(answer.status.error_message));
          else resolve();
        },
      );
    });
  } finally {
    client.close();
  }
}
