/** No two words of ours about one entity or developer have one second; whom a word is about is what a deployed node takes it for. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { deployedMomentsMax } from "../../../src/protocol/agentdns/limits.ts"
import { aboutIn, aboutOf, moments, take } from "../../../src/protocol/agentdns/said-of.ts"
import { statusSubject } from "../../../src/protocol/gossip/kinds/status.ts"
import { announced, developerOf, entityOf, noon, registryOf } from "../../support/builders.ts"
import { bound, claimed, introducedDeveloper, statusSaid } from "../../support/words.ts"

const home = registryOf(1)
const entity = entityOf(7, 0)

describe("moments", () => {
  it("are taken once for each, and never before they are asked for", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), fc.nat(5))), (asked) => {
        const taken = moments()
        const given = asked.map(([about, at]) => [about, at, take(taken, String(about), at)] as const)
        for (const [, at, second] of given) expect(second).toBeGreaterThanOrEqual(at)
        expect(new Set(given.map(([about, , second]) => `${about} ${second}`)).size).toBe(given.length)
      }),
    )
  })

  it("are forgotten at the bound, the oldest first", () => {
    const taken = moments()
    for (let i = 0; i <= deployedMomentsMax; i++) take(taken, `zns:${i}`, noon)
    expect(taken.size).toBe(deployedMomentsMax)
    expect([take(taken, "zns:0", noon), take(taken, "zns:2", noon)]).toEqual([noon, noon + 1])
  })
})

describe("a word", () => {
  it("is about the entity, the developer or the name", () => {
    expect(aboutOf(announced(home, entity))).toBe(entity.entity_id)
    expect(aboutOf(statusSaid(home, entity.entity_id, "inactive"))).toBe(entity.entity_id)
    expect(aboutOf(introducedDeveloper(home, developerOf(7)))).toBe(developerOf(7).developer_id)
    expect(aboutOf(claimed(home, 7, "alice"))).toBe(developerOf(7).developer_id)
    expect(aboutOf(bound(home, 7, { handle: "alice", name: "bot", entityId: entity.entity_id, tags: [], label: "" }))).toMatch(
      /\/alice\/bot$/,
    )
  })

  it("is about the same by its subject, where that tells", () => {
    expect(aboutIn(entity.entity_id)).toBe(entity.entity_id)
    expect(aboutIn(statusSubject(home.registryId, entity.entity_id))).toBe(entity.entity_id)
    expect(aboutIn("handle:0/alice")).toBe("handle:0/alice")
  })
})
