import type { Manifest } from '../contracts/artifact.ts';
import { explanation, type Explanation } from '../contracts/explain.ts';
import { CorruptArtifactError, describeIssues } from '../errors.ts';
import { readArtifact } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';

/** The document of an explanation manifest, checked. */
export async function readExplanation(home: Home, { key, files }: Manifest): Promise<Explanation> {
  const file = files.find(({ role }) => role === 'explanation');
  const text = file && (await readArtifact(home, file)).toString('utf8');
  const parsed = explanation.safeParse(text && JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `The explanation ${key} is not as this version writes it (${describeIssues(parsed.error.issues)}).`,
    'Explain again.',
  );
}
