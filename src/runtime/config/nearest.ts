/** The word that somebody who wrote another one most likely meant. */

/** The nearest of the known words, when it is near enough to be worth naming: a third of its letters at most are different. */
export const nearest = (written: string, known: Iterable<string>): string | undefined => {
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const word of known) {
    const steps = distance(written.toLowerCase(), word.toLowerCase())
    if (steps < least && steps <= Math.max(2, Math.floor(word.length / 3))) {
      best = word
      least = steps
    }
  }
  return best
}

/** Letters to insert, delete, replace, or swap with their neighbour (Damerau's distance in its restricted form). */
export const distance = (a: string, b: string): number => {
  let before: ReadonlyArray<number> = []
  let above: Array<number> = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let steps = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) steps = Math.min(steps, before[j - 2]! + 1)
      row.push(steps)
    }
    before = above
    above = row
  }
  return above[b.length]!
}
