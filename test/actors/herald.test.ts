/** Telling deployed nodes: in order, at a bounded rate, a second apart, and what those missed who come late. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Command } from "../../src/actors/command.ts"
import { herald, type HeraldEvent } from "../../src/actors/herald.ts"
import {
  deployedCatchUpDelayMs,
  deployedCatchUpPeriodMs,
  deployedMemoryMs,
  deployedOwedMax,
  deployedPageWords,
  deployedSpacingMs,
  deployedTellsPerSecond,
} from "../../src/protocol/agentdns/limits.ts"
import { aboutOf } from "../../src/protocol/agentdns/said-of.ts"
import type { Announcement, AnnouncementId, VerifiedAnnouncement } from "../../src/protocol/gossip/announcement.ts"
import type { EntityId } from "../../src/protocol/identity/id.ts"
import { announced, developerOf, entityOf, noon, type Registry, registryOf } from "../support/builders.ts"
import { deployedWord } from "../support/deployed-words.ts"
import { noonMs } from "../support/mesh.ts"
import { bound, claimed, introducedDeveloper, statusSaid } from "../support/words.ts"

const home: Registry = { ...registryOf(1), signsDeployed: true }
const go = registryOf(3)
const link = 7

/** A herald on a clock, a store behind it, and what one deployed node was told when. */
const stage = (store: ReadonlyArray<Announcement> = []) => {
  let nowMs = noonMs
  let pages = 0
  const held = [...store]
  const memory = herald.begin(undefined)
  const told: Array<{ readonly announcement: Announcement; readonly atMs: number; readonly link: number; readonly mustStand: boolean }> = []
  const reminders: Array<{ readonly atMs: number; readonly event: HeraldEvent }> = []
  const step = (event: object): void => herald.step(memory, { ...event, nowMs } as HeraldEvent, perform)
  const perform = (command: Command): void => {
    if (command.type === "relay") told.push({ ...command, atMs: nowMs })
    else if (command.type === "remind") reminders.push({ atMs: nowMs + command.afterMs, event: command.event as unknown as HeraldEvent })
    else if (command.type === "page") {
      pages++
      const from = Number(command.after ?? 0)
      const changes = held.slice(from, from + command.limit).map((announcement, i) => ({ position: String(from + i + 1), announcement }))
      step({ type: "changes.read", link: command.link, changes })
    } else throw new Error(`unexpected ${command.type}`)
  }
  return {
    told,
    memory,
    step,
    hold: (...words: ReadonlyArray<Announcement>) => held.push(...words),
    pages: () => pages,
    names: () => told.map(({ announcement }) => announcement),
    join: (on: number = link, deployed = go.registryId) => step({ type: "link.joined", link: on, deployed }),
    leave: (on: number = link) => step({ type: "link.left", link: on }),
    owe: (announcement: VerifiedAnnouncement, links: ReadonlyArray<number> = [link]) =>
      step({ type: "announcement.owed", announcement, links }),
    run: (ms: number) => {
      const untilMs = nowMs + ms
      for (;;) {
        const next = reminders.toSorted((a, b) => a.atMs - b.atMs)[0]
        if (next === undefined || next.atMs > untilMs) break
        reminders.splice(reminders.indexOf(next), 1)
        nowMs = Math.max(nowMs, next.atMs)
        step(next.event)
      }
      nowMs = untilMs
    },
  }
}

const known = new Map<string, VerifiedAnnouncement>()
const agent = (index: number, at = noon): VerifiedAnnouncement => {
  const name = `${index} ${at}`
  const record = { ...entityOf(5, index % 7), registered_at: noon, updated_at: at }
  if (!known.has(name)) known.set(name, announced(home, record, at, at === noon ? "register" : "update"))
  return known.get(name)!
}

/** Many, each about another entity: what tells them apart here is what the herald looks at. */
const sample = deployedWord(registryOf(4), { type: "agent_announce", action: "register", entity_id: entityOf(5, 0).entity_id })
const distinct = (index: number, at = noon): VerifiedAnnouncement => {
  const { body } = sample
  if (body.kind !== "bare-entity") throw new Error("no entity")
  const record = { ...body.record, entity_id: `zns:${index}` as EntityId }
  return { ...sample, id: `${index}` as AnnouncementId, at, body: { ...body, record } }
}

describe("a deployed node", () => {
  it("is told at once what is new", () => {
    const { join, names, owe } = stage()
    join()
    owe(agent(0))
    expect(names()).toEqual([agent(0)])
  })

  it("is told nothing twice, nothing of its own, and nothing that it cannot read", () => {
    const { join, names, owe, run } = stage()
    join()
    owe(agent(0))
    owe(agent(0))
    owe(deployedWord(go, { type: "agent_announce", action: "register", entity_id: entityOf(5, 1).entity_id }))
    owe(introducedDeveloper({ ...go, signsDeployed: true }, developerOf(9)))
    owe(announced(registryOf(1), entityOf(5, 2)))
    owe(agent(3), [8])
    run(60_000)
    expect(names()).toEqual([agent(0)])
  })

  it("is told two words about one id a second apart, in order, and others meanwhile", () => {
    const { join, owe, run, told } = stage()
    join()
    const words = [agent(0), agent(0, noon + 1), statusSaid(home, entityOf(5, 0).entity_id, "inactive", noon + 2), agent(1)]
    words.forEach((word) => owe(word))
    run(5_000)
    expect(told.map(({ announcement, atMs }) => [words.indexOf(announcement as VerifiedAnnouncement), atMs - noonMs])).toEqual([
      [0, 0],
      [3, 0],
      [1, 1_000],
      [2, 2_000],
    ])
  })

  it("is told of a developer and a handle apart, for it knows both by the developer", () => {
    const { join, owe, run, told } = stage()
    join()
    owe(introducedDeveloper(home, developerOf(5)))
    owe(claimed(home, 5, "alice"))
    owe(bound(home, 5, { handle: "alice", name: "bot", entityId: entityOf(5, 0).entity_id, tags: [], label: "" }))
    run(2_000)
    expect(told.map(({ announcement, atMs }) => [announcement.type, atMs - noonMs])).toEqual([
      ["developer_announce", 0],
      ["name_binding", 0],
      ["dev_handle", 1_000],
    ])
  })

  it("is told again what came in a second that it knew, when it has forgotten the second, if that still stands", () => {
    const { join, owe, run, told } = stage()
    join()
    owe(introducedDeveloper(home, developerOf(5)))
    owe(claimed(home, 5, "alice"))
    run(deployedMemoryMs + 60_000)
    expect(told.map(({ announcement, mustStand }) => [announcement.type, mustStand])).toEqual([
      ["developer_announce", false],
      ["dev_handle", false],
      ["dev_handle", true],
    ])
    expect(told[2]!.atMs - told[0]!.atMs).toBeGreaterThanOrEqual(deployedMemoryMs)
  })

  it("is told no more than it may be in a second, and forgets the oldest at the bound", () => {
    const { join, memory, owe, run, told } = stage()
    join()
    const many = Array.from({ length: deployedOwedMax + 2 * deployedTellsPerSecond }, (_, i) => distinct(i, noon + i))
    many.forEach((word) => owe(word))
    expect(told).toHaveLength(deployedTellsPerSecond)
    expect(memory.links.get(link)!.box.owed.size).toBe(deployedOwedMax)
    run(10_000)
    expect(told.length).toBeLessThanOrEqual(11 * deployedTellsPerSecond)
    expect(told.length).toBeGreaterThanOrEqual(10 * deployedTellsPerSecond)
    // what was forgotten is the oldest of those that waited
    expect(told[deployedTellsPerSecond]!.announcement).toEqual(many[2 * deployedTellsPerSecond])
  })
})

describe("a late joiner", () => {
  const developer = introducedDeveloper(home, developerOf(5))
  const status = statusSaid(home, entityOf(5, 0).entity_id, "inactive", noon + 1)
  const words = Array.from({ length: 2 * deployedPageWords + 3 }, (_, i) => distinct(i, noon + i))

  it("is told what it missed, statuses last", () => {
    const { join, names, run } = stage([status, developer, agent(0), announced(registryOf(1), entityOf(5, 3))])
    join()
    run(deployedCatchUpDelayMs - 1)
    expect(names()).toEqual([])
    run(5_000)
    expect(names()).toEqual([developer, agent(0), status])
  })

  it("is told page by page, at a bounded rate, and of each word only while it stands", () => {
    const { join, names, pages, run, told } = stage(words)
    join()
    run(deployedCatchUpDelayMs + 1_000)
    expect(pages()).toBeLessThan(3)
    run((words.length / deployedTellsPerSecond) * 1_000 + 2_000)
    expect(names()).toEqual(words)
    expect(pages()).toBe(3)
    expect(told.every(({ mustStand }) => mustStand)).toBe(true)
  })

  it("hears new words before old ones, and none of them twice", () => {
    const { hold, join, names, owe, run } = stage(words)
    join()
    run(deployedCatchUpDelayMs + 100)
    const fresh = agent(0)
    hold(fresh)
    owe(fresh)
    run(60_000)
    expect(names()).toHaveLength(words.length + 1)
    expect(names().indexOf(fresh)).toBeLessThan(words.length)
  })

  it("goes on where it was when its link was lost, but for what may not have arrived", () => {
    const { hold, join, leave, names, run } = stage(words)
    join()
    run(300_000)
    leave()
    hold(agent(0))
    run(1_000)
    join(8)
    run(60_000)
    expect(names()).toEqual([...words, agent(0)])
    leave(8)
    join(9)
    run(60_000)
    expect(names()).toEqual([...words, agent(0), agent(0)])
  })

  it("is told all again when its link was lost at once", () => {
    const { join, leave, names, run } = stage(words.slice(0, 3))
    join()
    run(10_000)
    leave()
    join(8)
    run(10_000)
    expect(names()).toEqual([...words.slice(0, 3), ...words.slice(0, 3)])
  })

  it("is told later what came by no gossip", () => {
    const { hold, join, names, run } = stage([developer])
    join()
    run(10_000)
    hold(agent(0))
    run(deployedCatchUpPeriodMs)
    expect(names()).toEqual([developer, agent(0)])
  })
})

describe("whatever is owed", () => {
  it("is told once each, in order for each id, a second apart and within the rate", () => {
    const word = fc.record({ index: fc.nat(3), second: fc.nat(40) })
    fc.assert(
      fc.property(fc.array(fc.tuple(word, fc.nat(1_500)), { maxLength: 40 }), (steps) => {
        const { join, owe, run, told } = stage()
        join()
        const owed: Array<VerifiedAnnouncement> = []
        for (const [{ index, second }, waitMs] of steps) {
          const one = agent(index, noon + 1 + second)
          if (!owed.some(({ id }) => id === one.id)) owed.push(one)
          owe(one)
          run(waitMs)
        }
        run(120_000)
        expect(new Set(told.map(({ announcement }) => announcement.id))).toEqual(new Set(owed.map(({ id }) => id)))
        expect(told).toHaveLength(owed.length)
        for (const about of new Set(owed.map(aboutOf))) {
          const its = told.filter(({ announcement }) => aboutOf(announcement) === about)
          expect(its.map(({ announcement }) => announcement.id)).toEqual(owed.filter((one) => aboutOf(one) === about).map(({ id }) => id))
          its.slice(1).forEach(({ atMs }, i) => expect(atMs - its[i]!.atMs).toBeGreaterThanOrEqual(deployedSpacingMs))
        }
      }),
      { numRuns: 60 },
    )
  })
})
