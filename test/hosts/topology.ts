import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One of two hosts of a test. */
export interface TestHost {
  /** The address that the other one reaches it at. */
  address: string;
  /** What to put before a command to run it there. */
  launcher: string[];
}

export interface Topology {
  hosts: [TestHost, TestHost];
  /** Why both hosts are this machine; absent where each has a network of its own. */
  shared?: string;
  remove(): Promise<void>;
}

/** RFC 5737 keeps these for examples: nothing real is reached by them. */
const ADDRESSES = ['192.0.2.1', '192.0.2.2'] as const;

/** Two network namespaces and a cable between them, or, where none can be made, this machine by two of its names. */
export async function twoHosts(): Promise<Topology> {
  const names = ['a', 'b'].map((each) => `ringwatt-${process.pid}-${each}`);
  const remove = async () => {
    for (const name of names) await run('ip', ['netns', 'delete', name]).catch(() => undefined);
  };
  try {
    for (const name of names) await run('ip', ['netns', 'add', name]);
    const [a, b] = names as [string, string];
    await run('ip', [
      'link',
      'add',
      'cable',
      'netns',
      a,
      'type',
      'veth',
      'peer',
      'name',
      'cable',
      'netns',
      b,
    ]);
    const hosts = await Promise.all(
      names.map(async (name, i) => {
        const address = ADDRESSES[i]!;
        await run('ip', ['-n', name, 'address', 'add', `${address}/24`, 'dev', 'cable']);
        for (const device of ['lo', 'cable']) await run('ip', ['-n', name, 'link', 'set', device, 'up']);
        return { address, launcher: ['ip', 'netns', 'exec', name] };
      }),
    );
    return { hosts: hosts as [TestHost, TestHost], remove };
  } catch (error) {
    await remove();
    const host = (address: string) => ({ address, launcher: [] });
    return {
      hosts: [host('127.0.0.1'), host('localhost')],
      shared: (error as Error).message.split('\n').slice(0, 2).join(': '),
      remove: () => Promise.resolve(),
    };
  }
}
