/** The root of a node: what it does in every state with every event. */
import type { ContextFrom, StateValueFrom } from "xstate"
import { describe, expect, it } from "vitest"
import { node, type NodeEvent } from "../../src/actors/node.ts"
import { banMs, heartbeatPeersMax } from "../../src/protocol/limits.ts"
import type { Heartbeat } from "../../src/protocol/wire/message.ts"
import { quirks } from "../../src/protocol/agentdns/quirks.ts"
import { deployedAddressesMs } from "../../src/protocol/agentdns/limits.ts"
import { blocksOf } from "../../src/protocol/moderation/blocks.ts"
import { compile, type Step } from "../../src/runtime/engine/compile.ts"
import { keyOf, registryOf } from "../support/builders.ts"
import { addressOf, helloOf, memberOf, noonMs } from "../support/mesh.ts"
import { checkTable } from "../support/table.ts"

type State = StateValueFrom<typeof node>
type Context = ContextFrom<typeof node>

const alone: Context = {
  self: helloOf(9),
  maxPeers: 2,
  bootstrap: { configured: [{ address: addressOf(2) }], pins: [], wantedPeers: 8 },
  seed: 1,
  roster: [],
  bans: new Map(),
  agents: 0,
  services: 0,
  addressesToldMs: Number.NEGATIVE_INFINITY,
}
const first = memberOf(2, 4)
const withFirst: Context = { ...alone, roster: [first] }
const full: Context = { ...alone, roster: [first, memberOf(3, 5)] }

// who of two nodes dialled decides: ids are compared as text
const [smaller, larger] = [2, 3, 4, 5, 6, 7, 8]
  .toSorted((a, b) => (registryOf(a).registryId < registryOf(b).registryId ? -1 : 1))
  .filter((_, i, all) => i === 0 || i === all.length - 1) as [number, number]
const ours = { self: helloOf(larger) }
const theirs = { self: helloOf(smaller) }
const other = (seed: number) => (seed === smaller ? larger : smaller)
/** A node that holds a link with another, and hears of a second one. */
const second = (seed: number, held: "in" | "out", came: "in" | "out") => ({
  context: { ...(seed === larger ? ours : theirs), roster: [memberOf(other(seed), 4, { direction: held, peer: "peer/held" })] },
  event: { member: memberOf(other(seed), 6, { direction: came, peer: "peer/came" }) },
})

const blocking = (...subjects: ReadonlyArray<string>) =>
  blocksOf(subjects.map((text) => ({ kind: text.startsWith("zns:") ? "peer" : "host", subject: text, reason: "spam", since: 0 })))

const admitted = "tell peer/in/6 peer.admitted, start [], tell bootstrap roster.changed"
const serving = "serving · report node.phase"
const replaced = "tell peer/held peer.dropped, tell peer/came peer.admitted, start [], tell bootstrap roster.changed"
const draining = "draining · report node.phase, tell bootstrap+peer/in/4 peer.dropped"
const stopped = "stopped · report node.phase, tell bootstrap peer.dropped, report node.phase"

describe("node", () => {
  checkTable<State, NodeEvent, Context>({
    machine: node,
    contexts: { booting: alone, joining: alone, serving: withFirst, draining: withFirst, stopped: alone },
    events: {
      "node.listening": { type: "node.listening", port: 4001, nowMs: noonMs },
      "link.accepted": { type: "link.accepted", link: 6, key: keyOf(4).publicKey, host: "192.0.2.4", nowMs: noonMs },
      "peer.greeted": { type: "peer.greeted", member: memberOf(4, 6), nowMs: noonMs },
      "link.left": { type: "link.left", link: first.link },
      "peer.misbehaved": { type: "peer.misbehaved", link: first.link, nowMs: noonMs },
      "peer.counted": { type: "peer.counted", link: first.link, agentCount: 5 },
      "heartbeat.due": { type: "heartbeat.due", link: first.link, wantsAnswer: false, nowMs: noonMs },
      "counts.changed": { type: "counts.changed", agents: 1, services: 2 },
      "blocks.changed": { type: "blocks.changed", blocks: blocking(first.registryId) },
      "stop.requested": { type: "stop.requested" },
    },
    rows: {
      booting: {
        "node.listening": {
          "with somebody to join": [
            {},
            "joining · start holdings, start gossip, start federation, start [], tell dht dht.started, start bootstrap, report node.phase",
          ],
          "with nobody to join": [
            { context: { bootstrap: { ...alone.bootstrap, configured: [] } } },
            "serving · start holdings, start gossip, start federation, start [], tell dht dht.started, start bootstrap, report node.phase, report node.phase",
          ],
        },
        // nobody can reach it yet
        "link.accepted": "–",
        "peer.greeted": "–",
        "link.left": "–",
        "peer.misbehaved": "–",
        "peer.counted": "–",
        "heartbeat.due": "–",
        "counts.changed": "booting",
        "blocks.changed": "–",
        "stop.requested": "stopped · report node.phase",
        "(time)": "–",
      },
      joining: {
        "node.listening": "–",
        "link.accepted": "joining · start peer/in/6",
        "peer.greeted": {
          "the first one": [{}, `serving · ${admitted}, report node.phase`],
          "when there is no room": [{ context: { maxPeers: 0 } }, "joining · tell peer/in/6 peer.refused"],
        },
        "link.left": "joining · stop inspector/4, tell bootstrap roster.changed",
        "peer.misbehaved": { "whoever it was": [{}, "joining · tell  peer.dropped"] },
        "peer.counted": "joining",
        "heartbeat.due": "joining · tell federation heartbeat.due",
        "counts.changed": "joining",
        "blocks.changed": "joining · tell  peer.dropped",
        "stop.requested": stopped,
        "(time)": serving,
      },
      serving: {
        "node.listening": "–",
        "link.accepted": "serving · start peer/in/6",
        "peer.greeted": {
          "a new one": [{}, `serving · ${admitted}`],
          "who is banned": [
            { context: { bans: new Map([[registryOf(4).registryId, noonMs + 1]]) } },
            "serving · tell peer/in/6 peer.refused",
          ],
          "who is blocked": [
            { context: { blocks: blocking(registryOf(4).registryId) } },
            "serving · tell peer/in/6 peer.refused, tell gossip verdict.given",
          ],
          "who says that it is reached at a blocked host": [
            { context: { blocks: blocking("example") } },
            "serving · tell peer/in/6 peer.refused, tell gossip verdict.given",
          ],
          "who was banned": [{ context: { bans: new Map([[registryOf(4).registryId, noonMs]]) } }, `serving · ${admitted}`],
          "when there is no room": [{ context: full }, "serving · tell peer/in/6 peer.refused"],
          "dialled by the smaller id, and we hold the other's": [second(larger, "out", "in"), `serving · ${replaced}`],
          "dialled by us with the smaller id, and we hold the other's": [second(smaller, "in", "out"), `serving · ${replaced}`],
          "dialled by the larger id, and we hold our own": [second(smaller, "out", "in"), "serving · tell peer/came peer.refused"],
          "dialled by us with the larger id, and we hold the other's": [
            second(larger, "in", "out"),
            "serving · tell peer/came peer.refused",
          ],
          "by a second link of one that keeps the first": [
            { ...second(larger, "in", "in"), event: { member: memberOf(other(larger), 6, { peer: "peer/came", quirks }) } },
            "serving · tell peer/came peer.refused, tell heartbeat/4 link.doubted",
          ],
          "dialled by the same, the newer": [second(larger, "in", "in"), `serving · ${replaced}`],
          "dialled by us, the newer": [second(larger, "out", "out"), `serving · ${replaced}`],
          "a second link when there is no room": [
            { ...second(larger, "in", "in"), context: { ...second(larger, "in", "in").context, maxPeers: 1 } },
            `serving · ${replaced}`,
          ],
        },
        "link.left": "serving · stop inspector/4, tell bootstrap roster.changed",
        "peer.misbehaved": {
          "a member": [{}, "serving · tell peer/in/4 peer.dropped"],
          "who has left meanwhile": [{ event: { link: 99 } }, "serving · tell  peer.dropped"],
        },
        "peer.counted": "serving",
        "heartbeat.due": "serving · tell federation heartbeat.due",
        "counts.changed": "serving",
        "blocks.changed": {
          "of a member": [{}, "serving · tell peer/in/4 peer.dropped"],
          "of where a member is reached": [{ event: { blocks: blocking(addressOf(2).host) } }, "serving · tell peer/in/4 peer.dropped"],
          "of others": [{ event: { blocks: blocking(registryOf(7).registryId, "n3.example") } }, "serving · tell  peer.dropped"],
        },
        "stop.requested": { "with peers": [{}, draining], alone: [{ context: alone }, stopped] },
        "(time)": "–",
      },
      draining: {
        "node.listening": "–",
        "link.accepted": "–",
        "peer.greeted": "–",
        "link.left": {
          "the last one": [{}, "stopped · report node.phase"],
          "not the last one": [{ context: full }, "draining"],
        },
        "peer.misbehaved": "–",
        "peer.counted": "–",
        "heartbeat.due": "–",
        "counts.changed": "–",
        "blocks.changed": "–",
        "stop.requested": "–",
        "(time)": "stopped · report node.phase",
      },
      stopped: {
        "node.listening": "–",
        "link.accepted": "–",
        "peer.greeted": "–",
        "link.left": "–",
        "peer.misbehaved": "–",
        "peer.counted": "–",
        "heartbeat.due": "–",
        "counts.changed": "–",
        "blocks.changed": "–",
        "stop.requested": "–",
        "(time)": "–",
      },
    },
  })

  const compiled = compile(node)
  const step = (context: Context, event: NodeEvent) => {
    const said: Array<Step> = []
    const after = compiled.step({ value: "serving", context, isDone: false }, event, said)
    return { context: after.context as Context, said: said.flatMap((one) => (one.kind === "action" ? [one] : [])) }
  }

  it("knows each registry once, by its latest link", () => {
    const { context } = step(withFirst, { type: "peer.greeted", member: memberOf(2, 8), nowMs: noonMs })
    expect(context.roster.map(({ link }) => link)).toEqual([8])
    expect(step(context, { type: "link.left", link: 4 }).context.roster).toHaveLength(1)
    expect(step(context, { type: "link.left", link: 8 }).context.roster).toHaveLength(0)
  })

  it("keeps out for a while who misbehaved", () => {
    const { context } = step(withFirst, { type: "peer.misbehaved", link: first.link, nowMs: noonMs })
    expect([...context.bans]).toEqual([[first.registryId, noonMs + banMs]])
    expect(step(withFirst, { type: "peer.misbehaved", link: 99, nowMs: noonMs }).context.bans.size).toBe(0)
  })

  it("says in a heartbeat where its other peers are, and no more than a screenful", () => {
    const many = Array.from({ length: heartbeatPeersMax + 10 }, (_, i) => memberOf(2 + i, 100 + i))
    const beat = (roster: Context["roster"], link: number) => {
      const { said } = step(
        { ...alone, roster, agents: 4, services: 3 },
        { type: "heartbeat.due", link, wantsAnswer: true, nowMs: noonMs + 999 },
      )
      return (said[0]!.params as { readonly event: { readonly link: number; readonly message: Heartbeat } }).event
    }
    const { link, message } = beat(full.roster, 4)
    expect([link, message]).toEqual([
      4,
      {
        type: "HEARTBEAT",
        registryId: alone.self.nodeId,
        at: noonMs / 1_000,
        peers: [{ address: addressOf(3), reputation: 1 }],
        agentCount: 4,
        serviceCount: 3,
        wantsAnswer: true,
      },
    ])
    expect(beat(many, 100).message.peers).toHaveLength(heartbeatPeersMax)
    const { address: _, ...unlisted } = memberOf(3, 5)
    expect(beat([first, unlisted], 4).message.peers).toEqual([])
  })

  it("greets with the counts it was told, and with the port it listens on", () => {
    const counted = step(withFirst, { type: "counts.changed", agents: 3, services: 4 }).context
    expect(counted.self.agentCount).toBe(7)
    const listening = compiled.step(
      { value: "booting", context: counted, isDone: false },
      { type: "node.listening", port: 4711 } as never,
      [],
    )
    expect((listening.context as Context).self.listenPort).toBe(4711)
    expect(step(withFirst, { type: "peer.counted", link: 4, agentCount: 12 }).context.roster[0]!.agentCount).toBe(12)
  })

  it("tells addresses to those who dial all they hear of at different moments", () => {
    const roster = [memberOf(2, 4, { quirks }), memberOf(3, 5, { quirks }), memberOf(5, 6)]
    let state = { value: "serving" as State, context: { ...alone, roster } as Context, isDone: false }
    const peersTold = (link: number, atMs: number) => {
      const said: Array<Step> = []
      state = compile(node).step(state, { type: "heartbeat.due", link, wantsAnswer: false, nowMs: atMs } as NodeEvent, said) as typeof state
      const [told] = said.flatMap((step) => (step.kind === "action" && step.type === "tell" ? [step.params] : []))
      return (told as { readonly event: { readonly message: Heartbeat } }).event.message.peers.length
    }
    expect(peersTold(4, noonMs)).toBe(2)
    expect(peersTold(5, noonMs + deployedAddressesMs - 1)).toBe(0)
    expect(peersTold(6, noonMs + deployedAddressesMs - 1)).toBe(2)
    expect(peersTold(5, noonMs + deployedAddressesMs)).toBe(2)
    expect(peersTold(4, noonMs + deployedAddressesMs)).toBe(0)
  })
})
