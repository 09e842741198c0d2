/**
 * A value that changes, and who wants to know.
 * @template T
 * @typedef {{ value: T, set: (value: T) => void, listen: (listener: (value: T) => void) => () => void }} Signal
 */

/**
 * @template T
 * @param {T} first
 * @returns {Signal<T>}
 */
export const signal = (first) => {
  /** @type {Set<(value: T) => void>} */
  const listeners = new Set()
  return {
    value: first,
    set(value) {
      this.value = value
      for (const listener of listeners) listener(value)
    },
    /** Tells at once, and whenever it changes; what comes back ends it. */
    listen(listener) {
      listeners.add(listener)
      listener(this.value)
      return () => listeners.delete(listener)
    },
  }
}
