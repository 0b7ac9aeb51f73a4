import { fitTrees, type TreeData, type TreeSettings } from '../baselines/gradient-boosting.ts';
import type { PartContext } from './parts/parts.ts';

/** The trees of one region, or of all together, as the bytes that they are saved in. */
export async function fitTreesPart(
  { data, settings }: { data: TreeData; settings: TreeSettings },
  { signal, progress }: PartContext,
): Promise<Uint8Array> {
  return (await fitTrees(data, settings, { signal, progress })).save();
}
