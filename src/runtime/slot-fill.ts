/**
 * What the store holds of the mesh, told after a start to all that compares it, trusts by it and looks after it: before the node
 * meets anybody. A node that serves meanwhile (`fillsIndexes`: behind) meets nobody until it is done: compared with half of what it
 * holds, peers would send it the other half again.
 */
import { Effect, type Latch, Schedule, Stream } from "effect"
import type { Told } from "../actors/command.ts"
import type { SlotKey } from "../protocol/gossip/slot-set.ts"
import type { RegistryId } from "../protocol/identity/id.ts"
import type { RecordStore, StoreFailed, Transport } from "./ports.ts"

export interface SlotFill {
  /** This is held now, or no more: newer than what a page of the store showed. */
  readonly hold: (slot: SlotKey) => void
  readonly lose: (subject: string, origin: RegistryId, mayReturn?: true) => void
  /** Reads every slot of the store, once. */
  readonly run: Effect.Effect<void, StoreFailed>
  /** The same until it succeeds. */
  readonly runPatiently: Effect.Effect<void>
}

export const makeSlotFill = (parts: {
  readonly store: Pick<RecordStore["Service"], "everySlot">
  /** Tells what compares it. */
  readonly tell: (event: Told) => void
  /** The ids of what is about the trust in registries. */
  readonly attested: (ids: ReadonlyArray<string>) => Effect.Effect<void, StoreFailed>
  /** When all is held. */
  readonly done: Effect.Effect<unknown>
}): SlotFill => {
  const { attested, done, store, tell } = parts
  let isDone = false
  /** Held or lost since the fill began. */
  const newer = new Set<string>()
  const touch = (subject: string, origin: RegistryId) => {
    if (!isDone) newer.add(keyOf(subject, origin))
  }
  const hold = ({ at, id, origin, subject }: SlotKey) => tell({ type: "slot.held", subject, origin, id, at })

  const run = Effect.gen(function* () {
    const attestations: Array<string> = []
    yield* Stream.runForEachArray(store.everySlot, (slots) =>
      Effect.sync(() => {
        for (const slot of slots) {
          if (newer.size === 0 || !newer.has(keyOf(slot.subject, slot.origin))) hold(slot)
          if (slot.subject.startsWith("attestation:")) attestations.push(slot.id)
        }
      }),
    )
    isDone = true
    newer.clear()
    yield* attested(attestations)
    yield* done
  })

  return {
    hold: (slot) => {
      touch(slot.subject, slot.origin)
      hold(slot)
    },
    lose: (subject, origin, mayReturn) => {
      touch(subject, origin)
      tell({ type: "slot.lost", subject, origin, ...(mayReturn && { mayReturn }) })
    },
    run,
    runPatiently: Effect.orDie(Effect.retry(run, Schedule.spaced(retryMs))),
  }
}

const keyOf = (subject: string, origin: RegistryId): string => `${origin} ${subject}`
const retryMs = 1_000

/** Nobody is dialled and nobody let in before the latch opens: who calls meanwhile calls again. */
export const meetingAfter = (latch: Latch.Latch, transport: Transport["Service"]): Transport["Service"] => ({
  dial: (...to) => (latch.isOpen() ? transport.dial(...to) : Effect.andThen(latch.await, transport.dial(...to))),
  listen: (accept) => transport.listen((connection) => (latch.isOpen() ? accept(connection) : connection.close())),
})
