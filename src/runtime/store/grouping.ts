/**
 * Group commit: what is asked for while the database is busy is done together in the next statement, so that many
 * registrations share one round trip and one write to disk. Alone, a request goes at once; nobody waits for a crowd.
 */
import { Deferred, Effect, Exit } from "effect"

export interface Grouping<Item, A, E> {
  /** Items of one group at most. */
  readonly most: number
  /** Groups under way at a time. */
  readonly atOnce: number
  /** Two items of the same name never share a group. */
  readonly nameOf: (item: Item) => string
  /** Does a group; an outcome for each item, in order. */
  readonly perform: (items: ReadonlyArray<Item>) => Effect.Effect<ReadonlyArray<Exit.Exit<A, E>>>
}

interface Waiting<Item, A, E> {
  readonly item: Item
  readonly done: Deferred.Deferred<A, E>
}

/** Hands an item to the next group and waits for its outcome. An item that was handed over is done even if nobody waits any more. */
export const makeGrouping = <Item, A, E>({
  atOnce,
  most,
  nameOf,
  perform,
}: Grouping<Item, A, E>): ((item: Item) => Effect.Effect<A, E>) => {
  let waiting: Array<Waiting<Item, A, E>> = []
  let underWay = 0

  const nextGroup = (): ReadonlyArray<Waiting<Item, A, E>> => {
    const group = new Map<string, Waiting<Item, A, E>>()
    const rest: Array<Waiting<Item, A, E>> = []
    for (const each of waiting) {
      const name = nameOf(each.item)
      if (group.size < most && !group.has(name)) group.set(name, each)
      else rest.push(each)
    }
    waiting = rest
    return [...group.values()]
  }

  const work = Effect.gen(function* () {
    for (let group = nextGroup(); group.length > 0; group = nextGroup()) {
      const exit = yield* Effect.exit(perform(group.map(({ item }) => item)))
      for (const [n, { done }] of group.entries())
        yield* Deferred.done(done, Exit.isSuccess(exit) ? exit.value[n]! : Exit.failCause(exit.cause))
    }
  }).pipe(Effect.ensuring(Effect.sync(() => void underWay--)))

  return (item) =>
    Effect.suspend(() => {
      const done = Deferred.makeUnsafe<A, E>()
      waiting.push({ item, done })
      if (underWay >= atOnce) return Deferred.await(done)
      underWay++
      return Effect.andThen(Effect.forkDetach(work), Deferred.await(done))
    })
}
