/** The slots of the store after a start: all are told, what changed meanwhile is not undone, and nobody is met before. */
import { Effect, Latch, Stream } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { Told } from "../../src/actors/command.ts"
import type { SlotKey } from "../../src/protocol/gossip/slot-set.ts"
import type { Connection, Transport } from "../../src/runtime/ports.ts"
import { StoreFailed } from "../../src/runtime/ports.ts"
import { makeSlotFill, meetingAfter } from "../../src/runtime/slot-fill.ts"
import { registryOf } from "../support/builders.ts"

const origins = [1, 2].map((seed) => registryOf(seed).registryId)
const keyOf = ({ origin, subject }: Pick<SlotKey, "origin" | "subject">) => `${origin} ${subject}`
const step = fc.oneof(
  fc.constant("read" as const),
  fc.record({ at: fc.nat(7), id: fc.option(fc.integer({ min: 1, max: 9 }).map(String), { nil: undefined }) }),
)

it("ends with what was held or lost last, in whatever order pages and changes come", () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, failsOnce) => {
      const all = Array.from({ length: 8 }, (_, i): SlotKey => ({
        subject: i < 2 ? `attestation:${i}` : `s${i}`,
        origin: origins[i % 2]!,
        id: "0",
        at: i,
      }))
      const truth = new Map(all.map((slot) => [keyOf(slot), slot]))
      const told = new Map<string, string>()
      const attested: Array<string> = []
      let failures = failsOnce ? 1 : 0
      const state = { isDone: false }
      const writes = [...steps]
      const change = () => {
        for (let next = writes.shift(); next !== undefined && next !== "read"; next = writes.shift()) {
          const slot = all[next.at]!
          if (next.id === undefined) {
            truth.delete(keyOf(slot))
            fill.lose(slot.subject, slot.origin)
          } else {
            truth.set(keyOf(slot), { ...slot, id: next.id })
            fill.hold({ ...slot, id: next.id })
          }
        }
      }
      const fill = makeSlotFill({
        // a page is what was there when it was read, and arrives later
        store: {
          everySlot: Stream.suspend(() =>
            Stream.mapEffect(Stream.fromIterable([...truth.values()]), (slot) =>
              Effect.suspend(() => {
                change()
                return failures-- > 0 ? new StoreFailed({ operation: "test", reason: "once" }) : Effect.succeed(slot)
              }),
            ),
          ),
        },
        tell: (event: Told) => {
          const { id, type, ...slot } = event as unknown as SlotKey & { readonly type: string }
          if (type === "slot.held") told.set(keyOf(slot), id)
          else told.delete(keyOf(slot))
        },
        attested: (ids) => Effect.sync(() => void attested.push(...ids)),
        done: Effect.sync(() => (state.isDone = true)),
      })
      while (!state.isDone) await Effect.runPromise(Effect.ignore(fill.run))
      while (writes.length > 0) change()
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries([...truth].map(([key, { id }]) => [key, id])))
      if (steps.length === 0) expect(attested).toHaveLength(2)
    }),
    { numRuns: 200 },
  ))

it("lets nobody in and dials nobody until the latch opens", () =>
  Effect.gen(function* () {
    const told: Array<string> = []
    let call = (): void => {}
    const connection = { close: () => told.push("closed") } as unknown as Connection
    const inner: Transport["Service"] = {
      dial: () => Effect.sync(() => (told.push("dialled"), connection)),
      listen: (accept) =>
        Effect.sync(() => {
          call = () => accept(connection)
          return { host: "127.0.0.1", port: 1 }
        }),
    }
    const latch = Latch.makeUnsafe()
    const { dial, listen } = meetingAfter(latch, inner)
    yield* listen(() => told.push("let in"))
    const dialling = yield* Effect.forkChild(dial({ host: "127.0.0.1", port: 2 }), { startImmediately: true })
    call()
    expect(told).toEqual(["closed"])
    yield* latch.open
    yield* Effect.yieldNow
    call()
    expect(dialling.pollUnsafe()).toBeDefined()
    expect(told).toEqual(["closed", "dialled", "let in"])
  }).pipe(Effect.scoped, Effect.runPromise))
