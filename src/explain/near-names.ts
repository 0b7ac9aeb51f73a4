/** The known names nearest to one that is not known, nearest first: those that contain it, then by edits. */
export function nearNames(name: string, known: readonly string[], most = 4): string[] {
  const asked = name.toLowerCase();
  const distance = (candidate: string) =>
    candidate.includes(asked) || asked.includes(candidate) ? 0.5 : edits(asked, candidate);
  return known
    .map((candidate) => ({ candidate, distance: distance(candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** Letters to put in, take out or change (Levenshtein 1966). */
export function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
