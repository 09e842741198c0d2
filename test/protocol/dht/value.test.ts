/** Values: nothing counts that does not prove itself, the latest word counts, and a day later nothing is left of it. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fqanKeyOf, idKeyOf, keyOf, nodeKeyOf, registryIdOf } from "../../../src/protocol/dht/key.ts"
import { compare } from "../../../src/protocol/dht/distance.ts"
import { isFresh, makeValue, prove, type ProvenValue, readValue } from "../../../src/protocol/dht/value.ts"
import * as Values from "../../../src/protocol/dht/value-store.ts"
import type { VerifiedAnnouncement } from "../../../src/protocol/gossip/announcement.ts"
import { announceTombstone } from "../../../src/protocol/gossip/announcement.ts"
import { canonicalWithout, type JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { claimsPerEntityMax, dhtValueLifeMs } from "../../../src/protocol/limits.ts"
import { announced, entityOf, noon, registryOf } from "../../support/builders.ts"
import { checks, keyFrom, valueOf } from "../../support/dht.ts"
import { addressOf, noonMs } from "../../support/mesh.ts"

const home = registryOf(1)
const record = entityOf(2, 0)
const announcement = announced(home, record)
const value = valueOf(announcement, 1)
const key = idKeyOf(record.entity_id)
const pointer = value.document["pointer"] as JsonObject
const signedAnew = (said: JsonObject): JsonObject => ({ ...said, signature: home.sign(canonicalWithout(said, "signature")) })
const judged = (document: JsonObject, nowMs = noonMs) => {
  const read = readValue(document)
  return read === undefined ? "unreadable" : prove(read, nowMs, checks) === undefined ? "refused" : "proven"
}

describe("keys", () => {
  it("of nodes begin with their registry's id, those of ids end with zeros, those of names know no case", () => {
    expect(registryIdOf(nodeKeyOf(home.publicKey))).toBe(home.registryId)
    expect(key).toBe(`${record.entity_id.slice(-32)}${"0".repeat(32)}`)
    expect(keyOf(announcement)).toBe(key)
    expect(fqanKeyOf("Host.example", "Alice", "Agent")).toBe(fqanKeyOf("host.example", "alice", "agent"))
  })
})

describe("a value", () => {
  it("proves itself, as it was made and as it was sent", () => {
    expect(judged(value.document)).toBe("proven")
    expect(judged(JSON.parse(JSON.stringify(value.document)) as JsonObject)).toBe("proven")
    expect(prove(readValue(value.document)!, noonMs, checks)).toMatchObject({
      key,
      subject: record.entity_id,
      origin: home.registryId,
      at: noon,
      address: addressOf(1),
    })
  })

  it("that was changed anywhere is refused", () => {
    const other = announced(home, entityOf(2, 1)).document
    const forged: Readonly<Record<string, JsonObject>> = {
      "another host": { ...value.document, pointer: { ...pointer, host: "evil.example" } },
      "another time": { ...value.document, pointer: { ...pointer, timestamp: "2026-11-21T00:00:01Z" } },
      "another record": { ...value.document, record: other },
      "a changed record": { ...value.document, record: { ...announcement.document, summary: "mine" } },
      "another registry's record": { ...value.document, record: announced(registryOf(3), record).document },
      "another signature": {
        ...value.document,
        pointer: signedAnew({ ...pointer, registry_id: registryOf(3).registryId, origin_public_key: registryOf(3).publicKey }),
      },
    }
    for (const [what, document] of Object.entries(forged)) expect(judged(document), what).not.toBe("proven")
  })

  it("under a key that is not its subject's is no value", () => {
    expect(judged({ pointer: signedAnew({ ...pointer, key: keyFrom("elsewhere") }) })).toBe("unreadable")
    expect(judged({ ...value.document, more: true })).toBe("unreadable")
  })

  it("without its record still says where its home is", () => {
    expect(judged({ pointer })).toBe("proven")
  })

  it("keeps a record that is too large at home", () => {
    const large = announced(home, entityOf(2, 0, { capability_summary: { text: "x".repeat(20_000) } }))
    const made = makeValue(home, large, noon, undefined)!
    expect(made.stored.record).toBeUndefined()
    expect(made.whole.record).toBe(large)
    expect(judged(made.stored.document)).toBe("proven")
  })

  it("lives for a day to the millisecond, and is fresh for an hour", () => {
    const endsMs = noonMs + dhtValueLifeMs
    expect([judged(value.document, endsMs - 1), judged(value.document, endsMs)]).toEqual(["proven", "refused"])
    expect([isFresh(value, noonMs + 3_599_999), isFresh(value, noonMs + 3_600_000)]).toEqual([true, false])
    const store = Values.empty(keyFrom("us"))
    Values.put(store, value, noonMs)
    expect(Values.get(store, key, endsMs - 1)).toEqual([value])
    expect(Values.get(store, key, endsMs)).toEqual([])
    Values.expire(store, endsMs - 1)
    expect(Values.sizeOf(store)).toBe(1)
    Values.expire(store, endsMs)
    expect(Values.sizeOf(store)).toBe(0)
    expect(Values.put(store, value, endsMs)).toBe(false)
  })

  it("of others is held as long as the operator wants, our own for its day", () => {
    const store = Values.empty(keyFrom("us"), { lifeMs: 60_000 })
    Values.put(store, value, noonMs)
    expect([Values.get(store, key, noonMs + 59_999), Values.get(store, key, noonMs + 60_000)]).toEqual([[value], []])
    Values.putOwn(store, value)
    Values.expire(store, noonMs + 60_000)
    expect([Values.sizeOf(store), Values.get(store, key, noonMs + 60_000)]).toEqual([0, [value]])
    expect(Values.put(store, value, noonMs + 60_000)).toBe(false)
  })

  it("from a clock that is ahead is refused", () => {
    expect(judged(valueOf(announcement, 1, noon + 301).document)).toBe("refused")
  })
})

describe("the value store", () => {
  /** Words of several registries about one entity, at several times, and its end. */
  const words: ReadonlyArray<ProvenValue> = [1, 3, 4, 5, 6].flatMap((seed) =>
    [0, 60].flatMap((later) => {
      const said = announced(registryOf(seed), { ...record, home_registry: registryOf(seed).registryId })
      const ended: VerifiedAnnouncement = announceTombstone(registryOf(seed), record, undefined, "gone", noon + later)
      return [valueOf(said, seed, noon + later), valueOf(ended, seed, noon + later)]
    }),
  )

  it("ends with the same, in whatever order it hears", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...words]), fc.nat(1_000), (heard, seed) => {
        const again = heard.toSorted((a, b) => (keyFrom(`${seed}${a.signature}`) < keyFrom(`${seed}${b.signature}`) ? -1 : 1))
        const held = (list: ReadonlyArray<ProvenValue>) =>
          list
            .reduce<ReadonlyArray<ProvenValue>>((values, one) => Values.merge(values, one).values, [])
            .map(({ signature }) => signature)
            .toSorted()
        const [one, other] = [held(heard), held(again)]
        expect(one.length).toBeLessThanOrEqual(claimsPerEntityMax)
        expect(held([...heard, ...heard])).toEqual(one)
        // weaker claims that gave way may differ, never what is shown
        if (new Set(heard.map(({ origin }) => origin)).size <= claimsPerEntityMax) expect(one).toEqual(other)
      }),
    )
  })

  it("takes what is said again, and a tombstone after its record", () => {
    const again = valueOf(announcement, 1, noon + 3_600)
    expect(Values.merge([value], again)).toEqual({ values: [again], changed: true })
    expect(Values.merge([again], value)).toEqual({ values: [again], changed: false })
    const ended = valueOf(announceTombstone(home, record, undefined, "gone", noon + 7_200), 1, noon + 7_200)
    expect(Values.merge([again], ended).values).toEqual([ended])
    expect(Values.merge([ended], again).values).toEqual([ended])
  })

  it("forgets the farthest first, and takes nothing that is farther still; its own stay", () => {
    const us = keyFrom("us")
    const several = Array.from({ length: 6 }, (_, i) => valueOf(announced(home, entityOf(3, i)), 1)).toSorted((a, b) =>
      compare(us, a.key, b.key),
    )
    const store = Values.empty(us, { keysMax: 3 })
    Values.putOwn(store, several[5]!)
    for (const one of [several[4]!, several[1]!, several[3]!]) expect(Values.put(store, one, noonMs)).toBe(true)
    expect(Values.put(store, several[0]!, noonMs)).toBe(true)
    expect([...store.held.keys()].toSorted()).toEqual([several[0]!, several[1]!, several[3]!].map((one) => one.key).toSorted())
    expect(Values.put(store, several[4]!, noonMs)).toBe(false)
    expect(Values.get(store, several[5]!.key, noonMs)).toEqual([several[5]!])
  })

  it("knows whose others were not told for an hour, and serves fresh ones first", () => {
    const store = Values.empty(keyFrom("us"))
    const service = valueOf(announced(registryOf(3), { ...record, home_registry: registryOf(3).registryId }), 3, noon + 3_000)
    Values.put(store, value, noonMs)
    Values.put(store, service, noonMs)
    expect(Values.quietKeys(store, noonMs + 3_599_999)).toEqual([])
    expect(Values.quietKeys(store, noonMs + 3_600_000)).toEqual([key])
    expect(Values.get(store, key, noonMs + 3_600_000)[0]).toBe(service)
    Values.touch(store, key, noonMs + 3_600_000)
    expect(Values.quietKeys(store, noonMs + 3_600_000)).toEqual([])
  })
})
