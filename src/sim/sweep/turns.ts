/**
 * Who runs what next, where a process has to begin again for a run of another kind (other limits): a worker stays with its kind
 * as long as there is anything of it, and goes on with the one that the fewest are at.
 */

/** Hands out runs until there are none. The caller keeps what it was told: its kind so far, to say so the next time. */
export const takeTurns = <Run>(
  runs: ReadonlyArray<Run>,
  kindOf: (run: Run) => string,
): ((kind: string | undefined) => { readonly run: Run; readonly kind: string } | undefined) => {
  const left = Map.groupBy(runs, kindOf)
  const workers = new Map<string, number>()
  const countAt = (kind: string, more: number) => workers.set(kind, (workers.get(kind) ?? 0) + more)
  const next = (): string | undefined =>
    [...left.keys()].reduce<string | undefined>(
      (best, kind) => (best === undefined || (workers.get(kind) ?? 0) < (workers.get(best) ?? 0) ? kind : best),
      undefined,
    )
  return (kind) => {
    const goesOn = kind !== undefined && left.has(kind)
    const chosen = goesOn ? kind : next()
    if (kind !== undefined && !goesOn) countAt(kind, -1)
    if (chosen === undefined) return undefined
    if (!goesOn) countAt(chosen, 1)
    const ofKind = left.get(chosen)!
    const run = ofKind.shift()!
    if (ofKind.length === 0) left.delete(chosen)
    return { run, kind: chosen }
  }
}
