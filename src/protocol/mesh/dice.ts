/**
 * Chance for pure code: a seed is given in, every draw returns the next one (mulberry32).
 *
 * Actors get their seed from the interpreter, which draws it from Effect's `Random`; so a machine's choices replay.
 */
export interface Dice {
  readonly state: number
}

export const dice = (seed: number): Dice => ({ state: seed >>> 0 })

/** A number in [0, 1) and the dice after the throw. */
export const roll = ({ state }: Dice): readonly [value: number, next: Dice] => {
  const next = (state + 0x6d2b79f5) >>> 0
  let mixed = Math.imul(next ^ (next >>> 15), next | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return [((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296, { state: next }]
}

/** The same list in a drawn order. */
export const shuffle = <A>(list: ReadonlyArray<A>, start: Dice): readonly [shuffled: ReadonlyArray<A>, next: Dice] => {
  const shuffled = [...list]
  let current = start
  for (let i = shuffled.length - 1; i > 0; i--) {
    const [value, next] = roll(current)
    current = next
    const j = Math.floor(value * (i + 1))
    ;[shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!]
  }
  return [shuffled, current]
}

/** Full jitter around a wait: between half of it and all of it. */
export const jittered = (ms: number, start: Dice): readonly [ms: number, next: Dice] => {
  const [value, next] = roll(start)
  return [Math.round(ms * (0.5 + value / 2)), next]
}
