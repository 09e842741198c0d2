/**
 * A machine's disk on bad days: slow, failing now and then, or full. The node sees what a database would tell it: it waits, or
 * the request fails and nothing was changed (the promise of the `RecordStore` port).
 */
import { Effect, Stream } from "effect"
import { type RecordStore, StoreFailed } from "../runtime/ports.ts"
import type { SeededRandom } from "./dice.ts"

/** What is wrong with it, for a while. */
export interface Ailment {
  readonly random: SeededRandom
  /** Every request waits so long, before or after it was done. */
  readonly slowMs?: readonly [least: number, most: number]
  /** Share of the requests that fail. */
  readonly failing?: number
  /** Nothing can be written. */
  readonly isFull?: boolean
}

type Store = RecordStore["Service"]

/**
 * A store that ails as its machine's disk does. `isOver`: the node that uses it has ended, and whatever it still waits for
 * never comes.
 */
export const ailing = (store: Store, ailments: ReadonlyArray<Ailment>, isOver: () => boolean): Store => {
  const through = <A, E>(operation: string, request: Effect.Effect<A, E>, isWrite: boolean): Effect.Effect<A, E | StoreFailed> =>
    Effect.suspend((): Effect.Effect<A, E | StoreFailed> => {
      if (isOver()) return Effect.never
      if (ailments.length === 0) return request
      const reason = reasonIn(ailments, isWrite)
      const done: Effect.Effect<A, E | StoreFailed> = reason === undefined ? request : Effect.fail(new StoreFailed({ operation, reason }))
      const ms = waitIn(ailments)
      if (ms === 0) return done
      const isLateAnswer = ailments[0]!.random.isTrue(0.5)
      const alive = Effect.suspend(() => (isOver() ? Effect.never : Effect.void))
      const waiting = Effect.andThen(Effect.sleep(ms), alive)
      return isLateAnswer ? Effect.tap(done, () => waiting) : Effect.andThen(waiting, done)
    })
  const read = <A, E>(operation: string, request: Effect.Effect<A, E>) => through(operation, request, false)
  const write = <A, E>(operation: string, request: Effect.Effect<A, E>) => through(operation, request, true)
  const readStream = <A, E>(operation: string, stream: Stream.Stream<A, E>) => Stream.unwrap(read(operation, Effect.succeed(stream)))

  return {
    entity: (id) => read("entity", store.entity(id)),
    entities: (ids) => read("entities", store.entities(ids)),
    everyEntity: readStream("everyEntity", store.everyEntity),
    list: (filter) => read("list", store.list(filter)),
    vocabulary: read("vocabulary", store.vocabulary),
    developer: (id) => read("developer", store.developer(id)),
    handles: (handle) => read("handles", store.handles(handle)),
    handlesOf: (id) => read("handlesOf", store.handlesOf(id)),
    names: (filter) => read("names", store.names(filter)),
    versions: (handle, name) => read("versions", store.versions(handle, name)),
    attestations: (subject) => read("attestations", store.attestations(subject)),
    registriesAt: (host) => read("registriesAt", store.registriesAt(host)),
    counts: read("counts", store.counts),
    slots: (subject) => read("slots", store.slots(subject)),
    everySlot: readStream("everySlot", store.everySlot),
    changes: (after, limit) => read("changes", store.changes(after, limit)),
    documents: (ids) => read("documents", store.documents(ids)),
    pins: read("pins", store.pins),
    contacts: read("contacts", store.contacts),
    blocks: read("blocks", store.blocks),
    say: (words) => write("say", store.say(words)),
    register: (registration) => write("register", store.register(registration)),
    deregister: (id, announcement, also) => write("deregister", store.deregister(id, announcement, also)),
    merge: (announcements, nowMs, self) => write("merge", store.merge(announcements, nowMs, self)),
    beat: (id, at) => write("beat", store.beat(id, at)),
    silentSince: (at) => read("silentSince", store.silentSince(at)),
    expire: (nowMs) => write("expire", store.expire(nowMs)),
    pin: (pin) => write("pin", store.pin(pin)),
    remember: (contacts) => write("remember", store.remember(contacts)),
    block: (block) => write("block", store.block(block)),
    unblock: (subject) => write("unblock", store.unblock(subject)),
  }
}

const reasonIn = (ailments: ReadonlyArray<Ailment>, isWrite: boolean): string | undefined => {
  for (const { failing = 0, isFull = false, random } of ailments) {
    if (isFull && isWrite) return "no space left"
    if (random.isTrue(failing)) return "the disk does not answer"
  }
  return undefined
}

const waitIn = (ailments: ReadonlyArray<Ailment>): number =>
  ailments.reduce((sum, { random, slowMs }) => sum + (slowMs === undefined ? 0 : Math.ceil(random.between(...slowMs))), 0)
