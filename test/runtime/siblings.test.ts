/** Following what siblings write: everything of theirs, nothing of ours, across failures and missed notifications. */
import { Effect } from "effect"
import * as fc from "fast-check"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"
import { type Change, StoreFailed } from "../../src/runtime/ports.ts"
import { joinSiblings } from "../../src/runtime/siblings.ts"
import { announced, entityOf, registryOf } from "../support/builders.ts"

const home = registryOf(1)
const words = Array.from({ length: 12 }, (_, i) => announced(home, entityOf(5, i)))

/** Writes in order: by us or by a sibling, before we joined or after; and the store fails now and then. */
const scripts = fc.record({
  before: fc.nat(4),
  writes: fc.array(fc.record({ isOurs: fc.boolean(), failsFirst: fc.boolean() }), { maxLength: 8 }),
})

it("hears each word of the others once or, where hearing failed, again, and none of its own", () =>
  fc.assert(
    fc.asyncProperty(scripts, async ({ before, writes }) => {
      const changes: Array<Change> = []
      const write = () => changes.push({ position: `0.${changes.length + 1}`, announcement: words[changes.length]! })
      for (let i = 0; i < before; i++) write()
      const heard: Array<string> = []
      const failing = new Set(writes.flatMap(({ failsFirst }, i) => (failsFirst ? [before + i] : [])))
      await Effect.gen(function* () {
        const family = yield* joinSiblings({
          end: Effect.sync(() => `0.${changes.length}`),
          wake: () => {},
          woken: Effect.sleep("1 second"),
          tell: () => {},
          hear: () => ({ stop: () => {} }),
        })
        yield* family.follow(
          {
            changes: (after, limit) => Effect.sync(() => changes.slice(Number(after!.split(".")[1])).slice(0, limit)),
          },
          (announcement) =>
            Effect.suspend(() => {
              if (failing.delete(words.indexOf(announcement as (typeof words)[number])))
                return new StoreFailed({ operation: "test", reason: "once" })
              heard.push(announcement.id)
              return Effect.void
            }),
        )
        for (const { isOurs } of writes) {
          if (isOurs) family.wrote(words[changes.length]!)
          write()
          yield* TestClock.adjust("1 second")
        }
        yield* TestClock.adjust("20 seconds")
      }).pipe(Effect.scoped, Effect.provide(TestClock.layer()), Effect.runPromise)
      expect(heard).toEqual(writes.flatMap(({ isOurs }, i) => (isOurs ? [] : [words[before + i]!.id])))
    }),
    { numRuns: 20 },
  ))
