/** Single-character edits between two words. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, change));
    }
    previous = row;
  }
  return previous[b.length]!;
}

/** What a mistyped word may have meant, best first, at most three; those that contain it come before those that resemble it, short ones first. */
export function nearest(word: string, candidates: Iterable<string>): string[] {
  const wanted = word.toLowerCase().slice(0, 64);
  return [...candidates]
    .map((candidate) => ({ candidate, edits: candidate.includes(wanted) ? 0 : distance(wanted, candidate) }))
    .filter(({ candidate, edits }) => edits <= Math.max(2, candidate.length / 3))
    .sort(
      ({ candidate: a, ...one }, { candidate: b, ...other }) =>
        one.edits - other.edits || a.length - b.length || (a < b ? -1 : 1),
    )
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}
