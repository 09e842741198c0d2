/** Indexes filled from the store: everything comes in, and what is written meanwhile is not overwritten by what was read before. */
import * as fc from "fast-check"
import { Effect, Stream } from "effect"
import { describe, expect, it } from "vitest"
import type { EntityId } from "../../src/protocol/identity/id.ts"
import { searchProgressEvery } from "../../src/protocol/limits.ts"
import type { EntityEntry } from "../../src/protocol/records/entity.ts"
import { makeIndexFill } from "../../src/runtime/index-fill.ts"
import { StoreFailed } from "../../src/runtime/ports.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { entityOf } from "../support/builders.ts"

const record = entityOf(1, 0)
const entryOf = (n: number, version: number): EntityEntry => ({
  record: { ...record, entity_id: `zns:${n.toString(16).padStart(32, "0")}` as EntityId, ttl: version },
  tier: "local",
  status: "active",
  contested: false,
})
const held = 8

/** A write, or the next entity of the store's pages, as it was when its page was read. */
const steps = fc.array(
  fc.oneof(fc.constant("read" as const), fc.record({ n: fc.nat(held - 1), version: fc.integer({ min: 0, max: 9 }) })),
  { maxLength: 40 },
)

describe("while it fills", () => {
  it("ends with what was written last, in whatever order pages and writes come", () =>
    fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (list, failsOnce) => {
        const truth = new Map<number, number | undefined>(Array.from({ length: held }, (_, n) => [n, 0]))
        const index = new Map<string, EntityEntry>()
        const writes = [...list]
        const writeSome = () => {
          for (let step = writes.shift(); step !== undefined && step !== "read"; step = writes.shift()) {
            const version = step.version === 0 ? undefined : step.version
            truth.set(step.n, version)
            const { record } = entryOf(step.n, 0)
            fill.show(record.entity_id, version === undefined ? undefined : entryOf(step.n, version))
          }
        }
        let failures = failsOnce ? 1 : 0
        // a page is what was there when it was read, and arrives later
        const everyEntity = Stream.suspend(() => {
          const page = [...truth].flatMap(([n, version]) => (version === undefined ? [] : [entryOf(n, version)]))
          return Stream.mapEffect(Stream.fromIterable(page), (entry) =>
            Effect.suspend(() => {
              writeSome()
              return failures-- > 0 ? new StoreFailed({ operation: "test", reason: "once" }) : Effect.succeed(entry)
            }),
          )
        })
        const fill = makeIndexFill({
          store: { ...makeMemoryStore(), everyEntity },
          say: () => {},
          done: () => {},
          put: (id, entry) => void (entry === undefined ? index.delete(id) : index.set(id, entry)),
        })
        while (!fill.isDone()) await Effect.runPromise(Effect.ignore(fill.run))
        while (writes.length > 0) writeSome()
        const expected = [...truth].flatMap(([n, version]) => (version === undefined ? [] : [[entryOf(n, 0).record.entity_id, version]]))
        expect(Object.fromEntries([...index].map(([id, entry]) => [id, entry.record.ttl]))).toEqual(Object.fromEntries(expected))
      }),
      { numRuns: 200 },
    ))
})

it("says how far it is, and how much there is", async () => {
  const said: Array<string> = []
  const everyEntity = Stream.range(0, searchProgressEvery).pipe(Stream.map((n) => entryOf(n, 0)))
  const fill = makeIndexFill({
    store: { ...makeMemoryStore(), everyEntity },
    say: (sentence) => said.push(sentence),
    done: () => said.push("done"),
    put: () => {},
  })
  await Effect.runPromise(fill.run)
  expect(said).toEqual(["the indexes have read 20,000 entities", "done", "the indexes hold 20,001 entities"])
})
