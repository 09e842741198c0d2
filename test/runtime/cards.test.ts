/** Cards through memory, a shared cache and the web, with time and the web in our hands. */
import { Deferred, Effect, Fiber, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import { verify } from "../../src/protocol/identity/ed25519.ts"
import { cardFailureMs, cardFetchesMax, cardLifetimeMs, enrichedMax, enrichPatienceMs } from "../../src/protocol/limits.ts"
import type { EntityEntry, HeardEntry } from "../../src/protocol/records/entity.ts"
import { type Cards, makeCards } from "../../src/runtime/cards.ts"
import { cardsOn } from "../../src/runtime/node/cards.ts"
import type { Verifier } from "../../src/runtime/ports.ts"
import { NotFetched, type Web, type WebAnswer, type WebRequest } from "../../src/runtime/web.ts"
import { cardOf } from "../support/cards.ts"
import { developerOf, entityKeyOf, registeredAs, sdkRequest } from "../support/clients.ts"

const alice = developerOf(1)
const textOf = (index: number) => JSON.stringify(cardOf(entityKeyOf(alice, index)))
const entryOf = (index: number, url = `https://agent${index}.example/card.json`): EntityEntry => ({
  record: registeredAs(sdkRequest(alice, index, { entity_url: url })),
  tier: "gossip",
  status: "active",
  contested: false,
})
const entry = entryOf(0)

/** The web, of which each test says what it answers; and whom it was asked for. */
const stage = (answer: (request: WebRequest) => Effect.Effect<WebAnswer, NotFetched>) => {
  const asked: Array<WebRequest> = []
  const web: Web = {
    get: (request) => {
      asked.push(request)
      return answer(request)
    },
  }
  const stored = new Map<string, string>()
  const shared = {
    get: (key: string) => Effect.sync(() => stored.get(key)),
    set: (key: string, value: string) => Effect.sync(() => void stored.set(key, value)),
    take: () => Effect.undefined,
  }
  const cards = (cardsMax = 100) => makeCards({ cardsMax, lifetimeMs: cardLifetimeMs }, web, shared, { verify } as Verifier["Service"])
  return { asked, stored, cards }
}
const served = ({ url }: WebRequest) =>
  Effect.succeed<WebAnswer>({ type: "document", text: textOf(Number(/agent(\d+)/.exec(url)?.[1] ?? 0)), etag: '"1"' })
const play = (test: Effect.Effect<void, unknown, Scope.Scope>) =>
  Effect.runPromise(test.pipe(Effect.scoped, Effect.provide(TestClock.layer())))
const why = (asked: ReturnType<Cards["live"]>) => Effect.match(asked, { onFailure: ({ why }) => why, onSuccess: () => "a card" })

describe("recent cards", () => {
  it("are good for an hour, and are then asked for by what we have", () =>
    play(
      Effect.gen(function* () {
        let isSame = false
        const { asked, cards } = stage((request) => (isSame ? Effect.succeed({ type: "unchanged" }) : served(request)))
        const { recent } = yield* cards()
        expect(yield* recent(entry)).toMatchObject({ text: textOf(0), signature: "valid" })
        yield* TestClock.adjust(cardLifetimeMs - 1)
        yield* recent(entry)
        expect(asked.length).toBe(1)
        isSame = true
        yield* TestClock.adjust(1)
        expect((yield* recent(entry)).text).toBe(textOf(0))
        expect(asked.map(({ etag }) => etag)).toEqual([undefined, '"1"'])
        yield* TestClock.adjust(cardLifetimeMs - 1)
        yield* recent(entry)
        expect(asked.length).toBe(2)
      }),
    ))

  it("come from the cache that nodes share, and are judged anew", () =>
    play(
      Effect.gen(function* () {
        const { asked, cards, stored } = stage(served)
        yield* (yield* cards()).recent(entry)
        expect([...stored.keys()]).toEqual([`card:${entry.record.entity_id}`])
        expect(yield* (yield* cards()).recent(entry)).toMatchObject({ signature: "valid" })
        expect(asked.length).toBe(1)
        // what somebody else wrote there is not believed
        const key = `card:${entry.record.entity_id}`
        stored.set(key, stored.get(key)!.replace("weather", "bitcoin"))
        expect(yield* (yield* cards()).recent(entry)).toMatchObject({ signature: "invalid" })
        stored.set(key, "{")
        expect(yield* (yield* cards()).recent(entry)).toMatchObject({ signature: "valid" })
      }),
    ))

  it("are not tried again at once where nobody answered", () =>
    play(
      Effect.gen(function* () {
        const { asked, cards } = stage(() => Effect.fail(new NotFetched({ why: "no-answer" })))
        const { live, recent } = yield* cards()
        expect([yield* why(recent(entry)), yield* why(recent(entry)), asked.length]).toEqual(["no-answer", "no-answer", 1])
        expect([yield* why(live(entry)), asked.length]).toEqual(["no-answer", 2])
        yield* TestClock.adjust(cardFailureMs)
        expect([yield* why(recent(entry)), asked.length]).toEqual(["no-answer", 3])
      }),
    ))

  it("are as many as are allowed, and not those of an address that is left", () =>
    play(
      Effect.gen(function* () {
        const { asked, cards, stored } = stage(served)
        const { count, recent } = yield* cards(2)
        for (const index of [0, 1, 0, 2]) yield* recent(entryOf(index))
        expect([count(), asked.length]).toEqual([2, 3])
        stored.clear()
        yield* recent(entryOf(0))
        expect(asked.length).toBe(3)
        yield* recent(entryOf(1))
        yield* recent(entryOf(0, "https://agent0.example/moved.json"))
        expect(asked.map(({ etag, url }) => `${url} ${etag ?? ""}`).slice(3)).toEqual([
          "https://agent1.example/card.json ",
          "https://agent0.example/moved.json ",
        ])
      }),
    ))
})

describe("a live card", () => {
  it("is asked for each time, once for all who want it now", () =>
    play(
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const { asked, cards } = stage((request) => Effect.andThen(Deferred.await(gate), served(request)))
        const { live } = yield* cards()
        const waiting = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(live(entry), { startImmediately: true }))
        expect(asked.length).toBe(1)
        // whoever does not wait any more ends it for nobody
        yield* Fiber.interrupt(waiting[0]!)
        yield* Deferred.succeed(gate, undefined)
        expect((yield* Fiber.join(waiting[1]!)).text).toBe(textOf(0))
        yield* live(entry)
        expect(asked.map(({ etag }) => etag)).toEqual([undefined, '"1"'])
      }),
    ))

  it("is looked for in every place, unless nobody is there", () =>
    play(
      Effect.gen(function* () {
        const wellKnown = (name: string) => `https://agent0.example/.well-known/${name}`
        const { asked, cards } = stage(({ url }) =>
          url === wellKnown("agent.json") ? served({ url } as WebRequest) : Effect.fail(new NotFetched({ why: "not-there" })),
        )
        const { live } = yield* cards()
        const based = entryOf(0, "https://agent0.example")
        yield* live(based)
        yield* live(based)
        const places = ["agent-card.json", "zynd-agent.json", "agent.json", "agent.json"].map(wellKnown)
        expect(asked.map(({ url }) => url)).toEqual(places)
        const silent = stage(() => Effect.fail(new NotFetched({ why: "not-in-time" })))
        expect(yield* why((yield* silent.cards()).live(based))).toBe("not-in-time")
        expect(silent.asked.length).toBe(1)
        expect(yield* why((yield* cards()).live(entryOf(0, "https://agent1.example/card.json")))).toBe("not-there")
        const foreign = stage(() => served({ url: "agent1" } as WebRequest))
        expect(yield* why((yield* foreign.cards()).live(based))).toBe("no-card")
      }),
    ))

  it("is refused while too many are under way", () =>
    play(
      Effect.gen(function* () {
        const { cards } = stage(() => Effect.never)
        const { live } = yield* cards()
        const many = Array.from({ length: cardFetchesMax }, (_, index): EntityEntry => ({
          ...(entry as HeardEntry),
          record: { ...entry.record, entity_id: `zns:${String(index).padStart(32, "0")}` as never },
        }))
        for (const each of many) yield* Effect.forkChild(live(each), { startImmediately: true })
        expect(yield* why(live(entry))).toBe("busy")
      }),
    ))
})

it("enriches the first results, together, and waits for nobody for long", () =>
  play(
    Effect.gen(function* () {
      const { asked, cards } = stage((request) =>
        request.url.includes("agent1.")
          ? Effect.never
          : request.url.includes("agent2.")
            ? Effect.fail(new NotFetched({ why: "no-answer" }))
            : served(request),
      )
      const { cards: enrich } = cardsOn(yield* cards(), () => Effect.die("not asked"))
      const entries = Array.from({ length: enrichedMax + 2 }, (_, index) => entryOf(index))
      const asking = yield* Effect.forkChild(enrich(entries), { startImmediately: true })
      expect(asked.length).toBe(enrichedMax)
      yield* TestClock.adjust(enrichPatienceMs)
      const found = yield* Fiber.join(asking)
      expect([...found.keys()]).toEqual(
        entries.filter((_, i) => i !== 1 && i !== 2 && i < enrichedMax).map(({ record }) => record.entity_id),
      )
    }),
  ))
