import { fileURLToPath } from 'node:url';
import { inheritedEnvironment } from '../../src/config/machine.ts';
import { ServerProcess } from './server-process.ts';

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface OwnServer {
  process: ServerProcess;
  /** Ports of the three doors. */
  http: number;
  rest: number;
  grpc: number;
  close(): Promise<void>;
}

/** `ringwatt serve` as a person starts it, at free ports. */
export async function startOwnServer(home: string, ...flags: string[]): Promise<OwnServer> {
  const process_ = new ServerProcess(
    process.execPath,
    [CLI, 'serve', '--json', '--home', home, '--port', '0', ...flags],
    inheritedEnvironment(),
  );
  try {
    const said = await process_.printed(/\}\s*$/);
    const { url, restUrl, grpc } = JSON.parse(said) as Record<string, string>;
    const [http, rest, calls] = [url, restUrl, grpc].map((address) =>
      Number(/:(\d+)$/.exec(address ?? '')?.[1]),
    );
    return {
      ...{ process: process_, http: http!, rest: rest!, grpc: calls! },
      close: () => process_.close(),
    };
  } catch (error) {
    await process_.close();
    throw error;
  }
}

/** The file that `--model-config-file` takes, for one SavedModel. */
export const modelConfigFile = (name: string, folder: string): string =>
  `model_config_list {\n  config { name: "${name}" base_path: "${folder}" model_platform: "tensorflow" }\n}\n`;
