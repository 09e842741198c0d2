/** Deployed nodes among ours, on the simulated network: what they missed they are told, and thefts go no farther than by themselves. */
import { describe, expect, it } from "vitest"
import type { HeraldMemory } from "../../../src/actors/herald.ts"
import { placeDeployed } from "../../../src/sim/deployed/place.ts"
import { announcementOf } from "../../../src/sim/deployed/words.ts"
import { defaultRun } from "../../../src/sim/scenario.ts"
import { addressOf, Stage } from "../../../src/sim/stage.ts"
import { client } from "../../../src/sim/workload/clients.ts"

const settings = { expectedItems: 200, maxPeers: 15, rebuildEveryMs: 60_000 }
const seed = 5
const minute = 60_000

/** Two of ours, and a deployed node of the first (g0) and of the second (g1), which may come later. */
const stageOf = () => {
  const stage = new Stage({ ...defaultRun, seed, codec: "wire" })
  const { world } = stage
  const ours = [world.addMachine(), world.addMachine()]
  ours.forEach((machine, i) =>
    world.boot(machine, stage.settings({ dialect: "auto", bootstrap: i === 0 ? [] : [{ address: addressOf(ours[0]!) }] })),
  )
  const place = (i: number) => {
    const door = `${ours[i]!.name}:4001`
    return placeDeployed(world, stage.addGuest(`g${i}`), { ...settings, bootstrap: [door] }, 100 * i, (address) => address === door)
  }
  const first = place(0)
  const herald = (i: number) => ours[i]!.node!.actors.snapshot("herald")!.context as HeraldMemory
  const pass = (ms: number) => world.run(world.clock.elapsedMs + ms)
  return { stage, world, ours, first, place, herald, pass }
}

const held = (placed: ReturnType<typeof placeDeployed>, numbers: ReadonlyArray<number>) =>
  numbers.map((number) => placed.node().records.entity(client(seed, number).entityId)?.isTombstoned)
const here = Array.from({ length: 30 }, (_, i) => i)
const there = Array.from({ length: 30 }, (_, i) => 100 + i)

describe("a deployed node", () => {
  it("that comes late is told what was said before, wherever it was said, and once", () => {
    const { first, herald, ours, pass, place, stage } = stageOf()
    pass(5_000)
    for (const number of here) stage.register(ours[0]!, client(seed, number))
    for (const number of there) first.node().say(announcementOf(client(seed, number), "register"))
    pass(20_000)
    first.node().say(announcementOf(client(seed, 100), "deregister"))
    pass(minute)
    const late = place(1)
    pass(2 * minute)
    expect(held(first, here)).toEqual(here.map(() => false))
    expect(held(late, here)).toEqual(here.map(() => false))
    // of what was deleted before it came it never hears
    expect(held(late, there)).toEqual(there.map((number) => (number === 100 ? undefined : false)))
    expect([first.node().refused, late.node().refused]).toEqual([0, 0])
    expect([...herald(1).links.values()].map(({ box, walk }) => [box.owed.size, walk])).toEqual([[0, undefined]])
    expect(stage.violations).toEqual([])
  })

  it("that was away is told what it missed, and what ended meanwhile", () => {
    const { first, ours, pass, place, stage, world } = stageOf()
    const second = place(1)
    pass(10_000)
    for (const number of here) stage.register(ours[0]!, client(seed, number))
    for (const number of there) first.node().say(announcementOf(client(seed, number), "register"))
    pass(minute)
    world.takeDown(second.machine, {})
    pass(2 * minute)
    first.node().say(announcementOf(client(seed, 100), "deregister"))
    first.node().say(announcementOf(client(seed, 200), "register"))
    pass(3 * minute)
    world.restart(second.machine)
    pass(5 * minute)
    expect(held(second, [...here, ...there, 200])).toEqual([...here.map(() => false), true, ...there.slice(1).map(() => false), false])
    expect(second.node().refused).toBe(0)
  })

  it("is forgotten when it has left, but for how far it was told", () => {
    const { first, herald, ours, pass, stage, world } = stageOf()
    pass(10_000)
    stage.register(ours[0]!, client(seed, 1))
    pass(3 * minute)
    expect(herald(0).links.size).toBe(1)
    world.takeDown(first.machine, {})
    pass(10 * minute)
    expect([herald(0).links.size, herald(0).places.size]).toEqual([0, 1])
  })

  it("is not told a theft: what another registry says of an entity that proves itself here", () => {
    const { first, ours, pass, place, stage } = stageOf()
    const thief = place(1)
    pass(10_000)
    stage.register(ours[0]!, client(seed, 1))
    pass(minute)
    thief.node().say({ ...announcementOf(client(seed, 1), "register"), summary: "stolen" })
    thief.node().say({ ...announcementOf(client(seed, 2), "register"), summary: "its own" })
    pass(3 * minute)
    const shown = (number: number) => first.node().records.entity(client(seed, number).entityId)?.summary
    expect(shown(2)).toBe("its own")
    expect(shown(1)).toBe(client(seed, 1).registration["summary"])
  })
})
