/** The model of the deployed node has the limits that the deployed node was seen to have. */
import { describe, expect, it } from "vitest"
import { announce, announcement, type DeployedAnnouncement } from "../../../src/sim/deployed/announcement.ts"
import { filterFor, put } from "../../../src/sim/deployed/filter.ts"
import type { DeployedFindings, DeployedNode } from "../../../src/sim/deployed/node.ts"
import { secretKeyOf, sign } from "../../../src/protocol/identity/ed25519.ts"
import { keySeed } from "../../../src/sim/keys.ts"
import { DeployedWorld, framed, greeting, message, type Stranger } from "../../support/deployed-world.ts"

const agent = (n: number, over: Partial<DeployedAnnouncement> = {}): Partial<DeployedAnnouncement> => ({
  type: "agent_announce",
  action: "register",
  entity_id: `zns:${n.toString(16).padStart(32, "0")}`,
  entity_type: "agent",
  name: `agent ${n}`,
  category: "tools",
  summary: "forecasts of weather",
  ...over,
})
const idOfAgent = (n: number): string => agent(n).entity_id!

/** A line of nodes, each dialling the one before it; their heartbeats come at different moments, or two would dial each other at once. */
const line = (world: DeployedWorld, count: number): ReadonlyArray<DeployedNode> =>
  Array.from({ length: count }, (_, i) => {
    const node = world.node(`g${i}`, { bootstrap: i === 0 ? [] : [`g${i - 1}:4001`] })
    world.run(100)
    return node
  })

/** A stranger that has greeted. */
const friend = (world: DeployedWorld, name: string, address = "g0:4001"): Stranger => {
  const stranger = world.stranger(address, name)
  stranger.say(greeting(`zns:registry:${name}`))
  world.run(10)
  stranger.heard.length = 0
  return stranger
}

const ping = (id: string, over: object = {}) => message("dht", { type: "dht_ping", request_id: id, ...over })
const ack = (request_id: unknown, ...names: ReadonlyArray<string>) =>
  message("search_ack", { request_id, results: names.map((name) => ({ entity_id: `zns:${name}`, name, score: 1 })) })
const types = (stranger: Stranger): ReadonlyArray<string> =>
  stranger.heard.splice(0).map((text) => (JSON.parse(text) as { type: string }).type)

const wordFilter = (...words: ReadonlyArray<string>) => {
  const filter = filterFor(10, 0.01)
  for (const word of words) put(filter, word)
  return { bloom_filter: Buffer.from(filter.bits).toString("base64"), bloom_size: filter.size, bloom_hashes: filter.hashes }
}
const beat = (over: object = {}) => message("heartbeat", { registry_id: "x", agent_count: 0, ...over })

const origin = secretKeyOf(keySeed(1, "origin"))
const signedAgent = (n: number, over: Partial<DeployedAnnouncement> = {}): string => {
  const said = announce(
    { publicKey: origin.publicKey, sign: (text) => sign(origin, text) },
    agent(n, { timestamp: "2026-11-20T10:00:00Z", ...over }),
  )
  return `{"type":"gossip","payload":{"announcement":${announcement.write(said)}}}`
}

describe("gossip", () => {
  it("goes one hop, because the hop count is signed", () => {
    const world = new DeployedWorld()
    const [first, second, third] = line(world, 3)
    first!.say(agent(1))
    world.run(100)
    expect([second, third].map((node) => node!.records.entity(idOfAgent(1))?.name)).toEqual(["agent 1", undefined])
    expect(third!.refused).toBe(1)
  })

  it("goes on through whoever leaves the hop count as it is", () => {
    const world = new DeployedWorld()
    const [first, last] = [world.node("g0"), world.node("g1")]
    const [near, far] = [friend(world, "relay"), friend(world, "relay", "g1:4001")]
    first.say(agent(1))
    world.run(10)
    far.say(...near.heard)
    world.run(10)
    expect(last.records.entity(idOfAgent(1))?.name).toBe("agent 1")
  })

  it("loses the second announcement about one id in one second, and has no catch-up", () => {
    const world = new DeployedWorld()
    const [first, second] = line(world, 2)
    first!.say(agent(1))
    first!.say(agent(1, { action: "update", name: "later" }))
    world.run(100)
    expect(second!.records.entity(idOfAgent(1))?.name).toBe("agent 1")
    const late = world.node("late", { bootstrap: ["g0:4001"] })
    world.run(200_000)
    expect(late.records.entity(idOfAgent(1))).toBeUndefined()
  })

  it("shows what the facts say it shows", () => {
    const world = new DeployedWorld()
    const node = world.node("g0")
    const peer = friend(world, "peer")
    const at = (second: number) => ({ timestamp: `2026-11-20T10:00:${String(second).padStart(2, "0")}Z` })
    peer.say(signedAgent(1, at(1)), signedAgent(1, { ...at(2), action: "deregister" }), signedAgent(1, { ...at(3), name: "again" }))
    peer.say(signedAgent(2, { ...at(1), action: "agent_status", status: "inactive" }))
    peer.say(signedAgent(3, { ...at(1), action: "update" }), signedAgent(3, { ...at(2), action: "agent_status", status: "inactive" }))
    world.run(10)
    expect(node.records.entity(idOfAgent(1))).toMatchObject({ name: "again", isTombstoned: true })
    expect(node.records.entity(idOfAgent(2))).toBeUndefined()
    expect(node.records.entity(idOfAgent(3))).toMatchObject({ status: "inactive" })
    expect(node.records.search({ query: "weather" } as never)).toEqual([])
  })
})

describe("links", () => {
  it("a listener speaks second, and to nobody who does not greet", () => {
    const world = new DeployedWorld()
    world.node("g0")
    const flat = world.stranger("g0:4001")
    const silent = world.stranger("g0:4001")
    world.run(9_000)
    expect([flat.isOver, silent.isOver]).toEqual([false, false])
    flat.say(JSON.stringify({ type: "HELLO", node_id: "x" }))
    world.run(10)
    expect([flat.heard, flat.isOver]).toEqual([[], true])
    world.run(2_000)
    expect(silent.isOver).toBe(true)
  })

  it("its own id is refused without a word, a known one after a greeting", () => {
    const world = new DeployedWorld()
    const node = world.node("g0")
    const own = world.stranger("g0:4001")
    own.say(greeting(node.settings.registryId))
    const first = friend(world, "peer")
    const second = world.stranger("g0:4001")
    second.say(greeting("zns:registry:peer"))
    world.run(10)
    expect([own.heard, own.isOver, types(second), second.isOver, first.isOver]).toEqual([[], true, ["hello"], true, false])
  })

  it("of two links of one id that were greeted at once both stay, and when one ends the other is a ghost", () => {
    const world = new DeployedWorld()
    const dialled = world.listener("peer:4001")
    const node = world.node("g0", { bootstrap: ["peer:4001"] })
    world.run(5)
    const knock = world.stranger("g0:4001", "peer")
    knock.say(greeting("zns:registry:peer"))
    dialled[0]!.say(greeting("zns:registry:peer"))
    world.run(10)
    expect([knock.isOver, dialled[0]!.isOver, node.mesh.all.size]).toEqual([false, false, 2])
    dialled[0]!.close()
    world.run(10)
    knock.heard.length = 0
    knock.say(ping("1"), signedAgent(1))
    world.run(30_000)
    // it reads there still, but neither lists it nor says a word
    expect([knock.isOver, node.mesh.peers.size, node.conns.size, types(knock)]).toEqual([false, 0, 0, []])
    expect(node.records.entity(idOfAgent(1))).toBeDefined()
  })

  it("heartbeats come every 30 s, with a filter that is empty for the first five minutes, and make a mesh of a line", () => {
    const world = new DeployedWorld()
    const nodes = line(world, 4)
    nodes[0]!.say(agent(1))
    world.run(31_000)
    expect(nodes[0]!.isFilterEmpty).toBe(true)
    world.run(60_000)
    const lists = (a: DeployedNode, b: DeployedNode) => a.conns.has(b.settings.registryId)
    // two that dial each other at once may end with one that does not list the other (seen in 1 of 4 trials)
    for (const a of nodes) for (const b of nodes) if (a !== b) expect(lists(a, b) || lists(b, a)).toBe(true)
    world.run(300_000)
    expect(nodes[0]!.isFilterEmpty).toBe(false)
  })

  it("max_peers shortens the list and nothing else", () => {
    const world = new DeployedWorld()
    const node = world.node("g0", { maxPeers: 1 })
    const strangers = [friend(world, "a"), friend(world, "b"), friend(world, "c")]
    world.run(30_000)
    expect([node.mesh.peers.size, node.conns.size]).toEqual([1, 3])
    expect(strangers.map((stranger) => stranger.take("heartbeat").length)).toEqual([1, 1, 1])
  })

  it("a frame has to be whole within 90 s, and at most a mebibyte long", () => {
    const world = new DeployedWorld()
    world.node("g0")
    const [slow, whole, long] = [friend(world, "a"), friend(world, "b"), friend(world, "c")]
    const most = framed(beat({ pad: "" }).replace('"pad":""', `"pad":"${"x".repeat(1_048_576 - beat({ pad: "" }).length)}"`))
    for (const half of [most.subarray(0, 700_000), most.subarray(700_000)]) whole.write(half)
    long.write(framed("x".repeat(1_048_577)).subarray(0, 10))
    for (let i = 0; i < 9; i++) {
      slow.write(framed(beat()).subarray(i, i + 1))
      world.run(10_000)
      whole.say(beat())
    }
    expect([slow.isOver, whole.isOver, long.isOver]).toEqual([true, false, true])
  })

  it.each([
    ["an empty frame", () => new Uint8Array(4), true],
    ["an array", () => framed("[]"), true],
    ["text after the object", () => framed('{"type":"x"} y'), true],
    ["a type that is no string", () => framed('{"type":1}'), true],
    ["null", () => framed("null"), false],
    ["an unknown type", () => framed('{"type":"GOSSIP","payload":{}}'), false],
    ["a payload that does not decode", () => framed('{"type":"gossip","payload":{"announcement":7}}'), false],
  ])("%s", (_, bytes, ends) => {
    const world = new DeployedWorld()
    world.node("g0")
    const peer = friend(world, "peer")
    peer.write(bytes())
    peer.say(ping("1"))
    world.run(10)
    expect([peer.isOver, types(peer)]).toEqual(ends ? [true, []] : [false, ["dht"]])
  })

  it.each([
    ["a search without a request", message("search", { request_id: "1" })],
    ["a filter larger than memory", `{"type":"heartbeat","payload":{"bloom_filter":"AA==","bloom_size":${2 ** 52}}}`],
  ])("%s ends its process", (reason, frame) => {
    const world = new DeployedWorld()
    const node = world.node("g0")
    const peer = friend(world, "peer")
    peer.say(frame)
    world.run(10)
    expect([peer.isOver, node.diedOf === undefined]).toEqual([true, false])
    expect(reason).toContain(reason)
  })
})

describe("search", () => {
  /** A node with two peers; the first of them may know something about weather. */
  const asking = () => {
    const world = new DeployedWorld()
    const node = world.node("g0")
    const [asked, bystander] = [friend(world, "asked"), friend(world, "bystander")]
    asked.say(beat(wordFilter("weather")))
    bystander.say(beat(wordFilter("music")))
    world.run(10)
    const findings: Array<DeployedFindings> = []
    const ask = () => node.search({ query: "weather" }, (found) => findings.push(found))
    const question = () => {
      world.run(5)
      return asked.take("search")[0]!.payload["request_id"]
    }
    return { world, node, asked, bystander, findings, ask, question }
  }

  it("asks whose filter has a word, and nobody whose filter has none", () => {
    const { ask, asked, bystander, world } = asking()
    ask()
    world.run(5)
    expect([types(asked), types(bystander)]).toEqual([["search"], []])
  })

  it("never gets an answer that comes alone, and is silent to everybody from then on", () => {
    const { ask, asked, bystander, findings, node, question, world } = asking()
    ask()
    asked.say(ack(question(), "a"))
    world.run(2_000)
    expect(findings).toMatchObject([{ results: [], asked: ["zns:registry:asked"], silent: new Map([["zns:registry:asked", "no answer"]]) }])
    let isAnswered = false
    node.say(agent(1), () => {
      isAnswered = true
    })
    for (let i = 0; i < 2; i++) {
      world.run(30_000)
      for (const one of [asked, bystander]) one.say(beat())
    }
    expect([types(asked), types(bystander), isAnswered]).toEqual([[], [], false])
  })

  it("is freed by a ping and any frame in one write", () => {
    const { ask, asked, bystander, node, question, world } = asking()
    ask()
    asked.say(ack(question(), "a"))
    world.run(2_000)
    node.say(agent(1))
    asked.say(ping("1"), beat())
    world.run(10)
    expect([types(asked), types(bystander)]).toEqual([["gossip", "dht"], ["gossip"]])
  })

  it("is freed by 90 s of silence, too: the link is over", () => {
    const { ask, asked, question, world } = asking()
    ask()
    asked.say(ack(question(), "a"))
    world.run(89_000)
    expect(asked.isOver).toBe(false)
    world.run(2_000)
    expect(asked.isOver).toBe(true)
  })

  it("gets the answer that comes behind a ping in one write, 300 times back to back", () => {
    const { ask, asked, findings, question, world } = asking()
    for (let i = 0; i < 300; i++) {
      ask()
      asked.say(ping(String(i)), ack(question(), "a"))
      world.run(5)
      expect(types(asked)).toEqual(["dht"])
    }
    expect(findings.filter(({ silent }) => silent.size === 0)).toHaveLength(300)
  })

  it("gets the answer alone while it still owes one to a ping: so do two at once arrive", () => {
    const { ask, asked, findings, question, world } = asking()
    ask()
    ask()
    asked.say(ping("1"), ack(question(), "a"))
    const second = question()
    asked.say(ack(second, "b"))
    world.run(5)
    expect(findings.map(({ results, silent }) => [1 - silent.size, results[0]?.name])).toEqual([
      [1, "a"],
      [1, "b"],
    ])
    expect(types(asked)).toEqual(["dht"])
  })

  it("takes a ping for the answer to the second of two at once", () => {
    const { ask, asked, findings, question, world } = asking()
    ask()
    ask()
    for (const name of ["a", "b"]) asked.say(ping(name), ack(question(), name))
    world.run(2_000)
    expect(findings.map(({ silent }) => 1 - silent.size)).toEqual([1, 0])
  })

  it("loses the link when its two readers tear a frame", () => {
    const { ask, asked, question, world } = asking()
    ask()
    const id = question()
    world.chance = 0
    asked.say(ack(id, "a"))
    world.run(10)
    expect(asked.isOver).toBe(true)
  })
})

describe("the DHT", () => {
  it("answers even a reply that it does not wait for", () => {
    const world = new DeployedWorld()
    world.node("g0")
    const peer = friend(world, "peer")
    peer.say(
      message("dht", { type: "dht_find_value_reply", request_id: "7" }),
      message("dht", { type: "dht_ping", timestamp: "yesterday" }),
    )
    world.run(10)
    expect(peer.take("dht").map(({ payload }) => [payload["type"], payload["ok"]])).toEqual([["dht_ping_reply", undefined]])
  })

  it("asks nobody before somebody told it an address, then shows what it is told and keeps it", () => {
    const world = new DeployedWorld()
    const node = world.node("g0")
    const peer = friend(world, "peer")
    const shown: Array<unknown> = []
    const get = () => node.entity(idOfAgent(9), (found) => shown.push((found as { name?: string } | undefined)?.name))
    get()
    expect([shown, types(peer)]).toEqual([[undefined], []])
    peer.say(ping("1", { sender_id: [1], sender_addr: "peer:4001" }))
    world.run(5)
    peer.heard.length = 0
    get()
    world.run(5)
    const [question] = peer.take("dht")
    expect(question!.payload).toMatchObject({
      type: "dht_find_value",
      key: [...Buffer.from(idOfAgent(9).slice(4), "hex"), ...new Uint8Array(16)],
    })
    peer.say(
      message("dht", {
        type: "dht_find_value_reply",
        request_id: question!.payload["request_id"],
        value: { entity_id: idOfAgent(9), name: "nine" },
      }),
    )
    world.run(5)
    get()
    expect(shown).toEqual([undefined, "nine", "nine"])
  })

  it("waits five seconds for who does not answer", () => {
    const world = new DeployedWorld()
    const node = world.node("g0")
    const peer = friend(world, "peer")
    peer.say(ping("1", { sender_id: [1], sender_addr: "peer:4001" }))
    world.run(5)
    let found: unknown = "waiting"
    node.entity(idOfAgent(9), (record) => (found = record))
    world.run(4_900)
    expect(found).toBe("waiting")
    world.run(200)
    expect(found).toBeUndefined()
  })
})
