/** Signed changes that still prove a field: the others are overshadowed and need not travel. */

/** Keeps, in order, each change that is the last to set some field. */
export const lastSetters = <C>(changes: ReadonlyArray<C>, fieldsOf: (change: C) => ReadonlyArray<string>): ReadonlyArray<C> => {
  const setter = new Map<string, C>()
  for (const change of changes) for (const field of fieldsOf(change)) setter.set(field, change)
  const needed = new Set(setter.values())
  return changes.filter((change) => needed.has(change))
}
