import { readFile } from 'node:fs/promises';
import type { Manifest } from '../contracts/artifact.ts';
import { manifest } from '../contracts/artifact.ts';
import type { Home } from '../lake/home.ts';

/** Everything that these files lead to: a manifest's files and inputs, their files and inputs, and so on. */
export async function reachableFrom(home: Home, roots: Iterable<string>): Promise<Set<string>> {
  const reached = new Set<string>();
  const waiting = [...roots];
  for (let uri = waiting.pop(); uri !== undefined; uri = waiting.pop()) {
    if (reached.has(uri)) continue;
    reached.add(uri);
    const found = await manifestAt(home, uri);
    if (!found) continue;
    waiting.push(...found.files.map((file) => file.uri), ...found.inputs.map((input) => input.uri));
    // Details are open JSON: a reference among them counts as well.
    waiting.push(...urisIn(JSON.stringify(found.details)));
  }
  return reached;
}

/** The references in any JSON text. */
export function urisIn(text: string): string[] {
  return [...text.matchAll(/"uri":"([A-Za-z0-9][A-Za-z0-9._=/-]*)"/g)].map((match) => match[1]!);
}

async function manifestAt(home: Home, uri: string): Promise<Manifest | undefined> {
  if (!uri.endsWith('.json')) return undefined;
  try {
    const parsed = manifest.safeParse(JSON.parse(await readFile(home.path(uri), 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // Gone, or no JSON: it leads nowhere.
    return undefined;
  }
}
