/** Deployed nodes on the simulated network: they come back with what they held, and every run is the same. */
import { expect, it } from "vitest"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { matches } from "../../../src/sim/deployed/filter.ts"
import { placeDeployed } from "../../../src/sim/deployed/place.ts"
import { announcementOf } from "../../../src/sim/deployed/words.ts"
import { defaultRun } from "../../../src/sim/scenario.ts"
import { addressOf, Stage } from "../../../src/sim/stage.ts"
import { client, topics } from "../../../src/sim/workload/clients.ts"

const settings = { expectedItems: 200, maxPeers: 15, rebuildEveryMs: 60_000 }

/** A line of four that restarts its second node while the first one says something. */
const play = (seed: number) => {
  const stage = new Stage({ ...defaultRun, seed })
  const { world } = stage
  const placed = Array.from({ length: 4 }, (_, i) => {
    const bootstrap = i === 0 ? [] : [`g${i - 1}:4001`]
    return placeDeployed(world, stage.addGuest(`g${i}`), { ...settings, bootstrap }, 700 * i, (address) => bootstrap.includes(address))
  })
  world.run(5_000)
  const say = (number: number) => placed[0]!.node().say(announcementOf(client(seed, number), "register"))
  say(1)
  world.run(6_000)
  world.takeDown(placed[1]!.machine, {})
  world.run(7_000)
  say(2)
  world.run(8_000)
  world.restart(placed[1]!.machine)
  world.run(60_000)
  const held = placed.map(({ node }) => [1, 2].map((number) => node().records.entity(client(seed, number).entityId) !== undefined))
  return {
    held,
    refused: placed.map(({ node }) => node().refused),
    links: placed.map(({ node }) => node().conns.size),
    trace: world.trace.digest(),
    stage,
  }
}

it("tells its neighbour and nobody beyond, and nobody later", () => {
  const { held, links, refused, stage } = play(1)
  expect(held).toEqual([
    [true, true],
    [true, false],
    [false, false],
    [false, false],
  ])
  expect(refused[2]).toBe(1)
  expect(links).toEqual([1, 2, 2, 1])
  expect([stage.honest(), stage.violations]).toEqual([[], []])
})

it("is freed by our heartbeat when it is stuck, and tells what it had to say", () => {
  const stage = new Stage({ ...defaultRun, seed: 4 })
  const ours = stage.world.addMachine()
  stage.world.boot(ours, stage.settings({ dialect: "auto" }))
  const { node } = placeDeployed(stage.world, stage.addGuest("g0"), { ...settings, bootstrap: ["n0:4001"] }, 0)
  stage.run(5_000)
  const [link] = [...node().conns.values()]
  // an asker whose answer the loop took
  link!.lock(() => link!.readToo(90_000, () => link!.unlock()))
  node().say(announcementOf(client(4, 1), "register"))
  expect(link!.isLocked).toBe(true)
  stage.run(40_000)
  expect([link!.isOpen, link!.isLocked]).toEqual([true, false])
  expect(stage.shownBy(ours, client(4, 1).entityId)).toBeDefined()
})

it.each([
  ["as soon as it was made", 0, 40],
  ["when it had lived for a while", 60, 150],
])("is dialled again when it has forgotten a link, %s: our pings tell", (_, livesSeconds, foundSeconds) => {
  const stage = new Stage({ ...defaultRun, seed: 6 })
  const ours = stage.world.addMachine()
  const { machine, node } = placeDeployed(stage.world, stage.addGuest("g0"), { ...settings, bootstrap: [] }, 0)
  stage.world.boot(ours, stage.settings({ dialect: "auto", bootstrap: [{ address: addressOf(machine) }] }))
  const id = idOf("registry", ours.key)
  let ms = 0
  const pass = (moreMs: number) => stage.run((ms += moreMs))
  while (!node().conns.has(id)) pass(10)
  pass(livesSeconds * 1_000)
  // what is left of two links of one id when one of them ends: it reads the other, lists nobody and says nothing
  const ghost = node().conns.get(id)!
  node().mesh.conns.delete(id)
  node().mesh.peers.delete(id)
  pass(15_000)
  node().say(announcementOf(client(6, 1), "register"))
  expect([ghost.isOpen, node().conns.has(id), stage.shownBy(ours, client(6, 1).entityId)]).toEqual([true, false, undefined])
  pass((foundSeconds - 15) * 1_000)
  node().say(announcementOf(client(6, 2), "register"))
  pass(1_000)
  expect([ghost.isOpen, node().conns.has(id)]).toEqual([false, true])
  expect(stage.shownBy(ours, client(6, 2).entityId)).toBeDefined()
})

it("knows our words by a filter that is small, and never an empty one", () => {
  const stage = new Stage({ ...defaultRun, seed: 5 })
  const ours = stage.world.addMachine()
  stage.world.boot(ours, stage.settings({ dialect: "auto", indexes: true }))
  const { node } = placeDeployed(stage.world, stage.addGuest("g0"), { ...settings, bootstrap: ["n0:4001"] }, 0)
  stage.register(ours, client(5, 3))
  for (let seconds = 10; seconds <= 100; seconds += 10) {
    stage.run(seconds * 1_000)
    const filter = node().mesh.filters.get(idOf("registry", ours.key))
    expect(filter?.bits.some((byte) => byte > 0) ?? true, `after ${seconds} s`).toBe(true)
  }
  const filter = node().mesh.filters.get(idOf("registry", ours.key))!
  expect(matches(filter, ["answers", topics[3]!, "tools", "simulated"])).toBe(4)
  expect(matches(filter, ["marzipan", "forecast", "zebra"])).toBe(0)
  expect(filter.bits.length).toBeLessThan(10_000)
})

it("is heard no faster than anybody when it floods us, and what it says amiss is counted; nothing is lost, and its link stays", () => {
  const [perSecond, many] = [20, 120]
  const stage = new Stage({ ...defaultRun, seed: 7 })
  const ours = stage.world.addMachine()
  stage.world.boot(ours, stage.settings({ dialect: "auto", announcementsPerSecond: perSecond }))
  const { node } = placeDeployed(stage.world, stage.addGuest("g0"), { ...settings, bootstrap: ["n0:4001"] }, 0)
  const heldOf = (from: number) =>
    Array.from({ length: many }, (_, i) => client(7, from + i)).filter(({ entityId }) => stage.shownBy(ours, entityId) !== undefined).length
  stage.run(5_000)
  const [link] = [...node().conns.values()]
  for (let i = 0; i < many; i++) node().say(announcementOf(client(7, i), "register"))
  stage.run(6_000)
  expect(heldOf(0)).toBeGreaterThan(0)
  // what it may say at once, and what it may in a second
  expect(heldOf(0)).toBeLessThanOrEqual(2 * perSecond)
  stage.run(15_000)
  expect(heldOf(0)).toBe(many)
  link!.write("gossip", '{"announcement":{"type":"agent_announce","hop_count":"x"}}')
  link!.write("gossip", '{"announcement":1}')
  link!.write("whatever", "{}")
  node().say(announcementOf(client(7, many), "register"))
  stage.run(17_000)
  expect(stage.shownBy(ours, client(7, many).entityId)).toBeDefined()
  const peers = stage.world.perform(ours, ours.node!.service.peers)
  expect(peers).toMatchObject([{ verdicts: { "drop:malformed": 2, "drop:unknown-type": 1 } }])
  expect([link!.isOpen, node().conns.size]).toEqual([true, 1])
})

it("is the same whenever the seed is", () => {
  expect(play(2).trace).toBe(play(2).trace)
  expect(play(2).trace).not.toBe(play(3).trace)
})
