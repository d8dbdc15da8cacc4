/** "Did you mean …?": the known word that a misspelt one is nearest to. */

/**
 * Returns the known word that `word` most likely stands for: the one of the fewest insertions, deletions, replacements
 * and swaps of neighbouring letters, at most a third of the word's length, whatever the case; of two as near, one that
 * begins so; else the one word that begins so. Undefined where nothing is near.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const low = word.toLowerCase();
  const most = Math.max(1, Math.floor(low.length / 3));
  let best: string | undefined;
  let least = most + 1;
  for (const each of known) {
    const distance = editDistance(low, each.toLowerCase());
    const isBegun = each.toLowerCase().startsWith(low);
    if (distance < least || (distance === least && isBegun && best !== undefined))
      [best, least] = [each, distance];
  }
  if (best !== undefined) return best;
  const begun = known.filter((each) => low.length >= 3 && each.toLowerCase().startsWith(low));
  return begun.length === 1 ? begun[0] : undefined;
}

/** Returns "; did you mean X?", or nothing where no known word is near. */
export function suggestion(word: string, known: readonly string[], mark = ""): string {
  const meant = nearest(word, known);
  return meant === undefined ? "" : `; did you mean ${mark}${meant}?`;
}

/** Returns "; did you mean X?", or which there are, up to 12, where no known word is near. */
export const meantOrThere = (word: string, known: readonly string[]): string =>
  suggestion(word, known) || `; there is ${known.slice(0, 12).join(", ")}`;

/** Optimal string alignment distance (Damerau 1964). */
function editDistance(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? before[j - 2]! + 1
          : Number.POSITIVE_INFINITY;
      row.push(Math.min(row[j - 1]! + 1, last[j]! + 1, replaced, swapped));
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
