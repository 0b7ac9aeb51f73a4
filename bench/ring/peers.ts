import { fileURLToPath } from 'node:url';
import { LineProcess } from './line-process.ts';
import type { AbsentSide, Side } from './sides.ts';

export interface PeerScript {
  name: string;
  /** In this folder. */
  script: string;
  args: (string | number)[];
  /** What pip must install for it. */
  packages: string;
}

/** Starts a peer; one that is not installed is no side but says how to install it. */
export async function startPeer(python: string, peer: PeerScript): Promise<Side | AbsentSide> {
  const path = fileURLToPath(new URL(peer.script, import.meta.url));
  const child = new LineProcess(python, [path, ...peer.args.map(String)]);
  try {
    const { missing } = await child.ready;
    if (missing === undefined) {
      return {
        name: peer.name,
        run: async () => Number((await child.ask('run'))['ms']),
        close: () => child.close(),
      };
    }
    await child.close();
    return {
      name: peer.name,
      absent: `not installed (${String(missing)}): python3 -m venv DIR && DIR/bin/pip install ${peer.packages}, then --python DIR/bin/python`,
    };
  } catch (error) {
    await child.close();
    return { name: peer.name, absent: `does not start: ${(error as Error).message}` };
  }
}
