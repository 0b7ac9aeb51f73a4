import type { Home } from '../lake/home.ts';
import { textIfThere } from '../lake/text-file.ts';

/** Everything that these files lead to: what a manifest refers to, what that refers to, and so on. */
export async function reachableFrom(home: Home, roots: Iterable<string>): Promise<Set<string>> {
  const reached = new Set<string>();
  const waiting = [...roots];
  for (let uri = waiting.pop(); uri !== undefined; uri = waiting.pop()) {
    if (reached.has(uri)) continue;
    reached.add(uri);
    // What is gone leads nowhere.
    if (uri.startsWith('manifests/')) waiting.push(...urisIn((await textIfThere(home.path(uri))) ?? ''));
  }
  return reached;
}

/** The references in any JSON text. */
export function urisIn(text: string): string[] {
  return [...text.matchAll(/"uri":\s*"([A-Za-z0-9][A-Za-z0-9._=/-]*)"/g)].map((match) => match[1]!);
}
