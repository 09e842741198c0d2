/**
 * What each kind of word of ours is to a deployed node: the exact bytes that the facts give, signed by its origin, at our neighbour and
 * behind another of ours; or nothing, where that dialect cannot say it.
 *
 * The frames are read here with nothing of our codec, and written anew by the order of the facts.
 */
import { createHash, createPublicKey, verify } from "node:crypto"
import { Clock, Effect } from "effect"
import { expect, it } from "vitest"
import { announceStatus, type VerifiedAnnouncement } from "../../../src/protocol/gossip/announcement.ts"
import { canonical } from "../../../src/protocol/identity/canonical-json.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import { writeTime } from "../../../src/protocol/time.ts"
import type { Node } from "../../../src/runtime/node-service.ts"
import { Frames } from "../../../src/sim/deployed/frames.ts"
import { placeDeployed } from "../../../src/sim/deployed/place.ts"
import { defaultRun } from "../../../src/sim/scenario.ts"
import { hostKey, signerOf } from "../../../src/sim/keys.ts"
import { addressOf, Stage } from "../../../src/sim/stage.ts"
import {
  type Developer,
  developerOf,
  developerRequest,
  entityIdOf,
  entityKeyOf,
  handleRequest,
  nameRequest,
  sdkRequest,
} from "../../support/clients.ts"

type Service = Node["Service"]
type Members = Readonly<Record<string, unknown>>
/** What is asked of us, and what deployed nodes hear of it; after so long, where that is not at once. */
type Row = readonly [
  what: string,
  asked: (node: Service) => Effect.Effect<unknown, unknown>,
  heard: ReadonlyArray<Members>,
  afterMs?: number,
]

const alice = developerOf(81)
const bob = developerOf(82)
const seed = 8
/** The registry whose words these are. */
const home = { id: idOf("registry", hostKey(seed, "n0").publicKey), key: hostKey(seed, "n0").publicKey }
const idOfDeveloper = ({ key }: Developer): string => idOf("developer", key.publicKey)
const [first, second] = [entityIdOf(alice, 0), entityIdOf(alice, 1)]
const service = idOf("service", entityKeyOf(alice, 2).publicKey)
const byEntity = (index: number, text: string) => `Bearer ${sign(entityKeyOf(alice, index), text)}`
const byAlice = (text: string) => `Bearer ${sign(alice.key, text)}`

// what a deployed node writes ------------------------------------------------------------------------------------------

/** Members in the order of the facts; those that are always there have no question mark. */
const order = `type entity_id? name category? tags? summary? capability_summary? home_registry entity_url? action status? entity_type?
  service_endpoint? openapi_url? entity_pricing? timestamp origin_public_key signature hop_count max_hops developer_id?
  developer_public_key? developer_proof? profile_url? github? public_key? dev_handle? dev_handle_verified? verification_method? fqan?
  agent_name_zns? registry_host? version? capability_tags? domain? ed25519_public_key? tls_spki_fingerprint? verification_tier?
  attester_id? subject_id? verified_layers?`.split(/\s+/)

const isEmpty = (value: unknown) => [undefined, "", 0, false].includes(value as never) || (Array.isArray(value) && value.length === 0)

/** The object in Go's order and spelling; of members inside the caller has the order. */
const goText = (said: Members): string => {
  const names = order.filter((name) => !name.endsWith("?") || !isEmpty(said[name.slice(0, -1)])).map((name) => name.replace("?", ""))
  const text = JSON.stringify(Object.fromEntries(names.map((name) => [name, said[name]])))
  return text.replace(/[<>&\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)
}

const publicKeyOf = (key: string) => {
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(key.slice(8), "base64")])
  return createPublicKey({ key: der, format: "der", type: "spki" })
}
const isSignedBy = (key: string, text: string, signature: string): boolean =>
  verify(null, Buffer.from(text), publicKeyOf(key), Buffer.from(signature.slice(8), "base64"))

// who listens ------------------------------------------------------------------------------------------------------------

/** Two of ours, each with a deployed node; what the deployed ones hear, as text. */
const stageOf = () => {
  const stage = new Stage({ ...defaultRun, seed, codec: "wire" })
  const { world } = stage
  const ours = [world.addMachine(), world.addMachine()]
  ours.forEach((machine, i) => {
    const bootstrap = i === 0 ? [] : [{ address: addressOf(ours[0]!) }]
    world.boot(machine, stage.settings({ dialect: "auto", bootstrap, registryHost: `r${i}.example` }))
  })
  const heard = ours.map(({ name }, i) => {
    const texts: Array<string> = []
    const listen = () => {
      const frames = new Frames()
      return (chunk: Uint8Array) => {
        frames.push(chunk)
        for (let body = frames.next(); body !== undefined; body = frames.next()) texts.push(Buffer.from(body).toString())
      }
    }
    const settings = { expectedItems: 200, maxPeers: 15, rebuildEveryMs: 60_000, bootstrap: [`${name}:4001`], heard: listen }
    const placed = placeDeployed(world, stage.addGuest(`g${i}`), settings, 100 * i, (address) => address === `${name}:4001`)
    return { texts, placed }
  })
  const pass = (ms: number) => world.run(world.clock.elapsedMs + ms)
  const ask = <A, E>(what: (node: Service) => Effect.Effect<A, E>): A => world.perform(ours[0]!, Effect.orDie(what(ours[0]!.node!.service)))

  const seconds = new Map<string, Set<unknown>>()

  /** Both hear exactly these of our registry, in any order. */
  const hears = (what: string, expected: ReadonlyArray<Members>, ms = 8_000) => {
    pass(ms)
    const [near = [], far = []] = heard.map(({ texts }) => {
      const frames = texts.splice(0)
      for (const frame of frames) expect(frame, what).toMatch(/^\{"type":"(hello|heartbeat|gossip|dht)","payload":\{/)
      return frames.flatMap(announcementIn).filter(({ said }) => said["home_registry"] === home.id)
    })
    const actions = (all: ReadonlyArray<Members>) => all.map(({ action }) => String(action)).sort()
    expect(actions(near.map(({ said }) => said)), what).toEqual(actions(expected))
    for (const one of expected) expectWritten(what, one, near)
    for (const { said } of near) {
      const about = (said["fqan"] ?? said["entity_id"] ?? said["developer_id"] ?? said["domain"] ?? said["subject_id"]) as string
      const taken = seconds.get(about) ?? new Set()
      expect(taken.has(said["timestamp"]), `${what}: a second about ${about} in one second`).toBe(false)
      seconds.set(about, taken.add(said["timestamp"]))
    }
    expect(far.map(({ text }) => text).sort(), `${what}: behind another of ours`).toEqual(near.map(({ text }) => text).sort())
    expect(heard.map(({ placed }) => [placed.node().refused, placed.node().diedOf])).toEqual([
      [0, undefined],
      [0, undefined],
    ])
  }
  const say = (announcement: VerifiedAnnouncement) => ours[0]!.node!.actors.tell("gossip", { type: "announcement.made", announcement })
  return { ask, hears, say, now: () => Math.floor(world.clock.currentTimeMillisUnsafe() / 1_000) }
}

interface Heard {
  readonly text: string
  readonly said: Members
}

/** One of them is this, in the bytes of a deployed node, with its origin's signature over them. */
const expectWritten = (what: string, expected: Members, heard: ReadonlyArray<Heard>) => {
  const isIt = ({ said }: Heard) => ["type", "action", "entity_id"].every((member) => said[member] === expected[member])
  const { said, text } = heard.find(isIt) ?? { said: {}, text: "nothing" }
  const { signature, timestamp } = said
  const always = { name: "", home_registry: home.id, origin_public_key: home.key, hop_count: 0, max_hops: 10 }
  expect(text, what).toBe(goText({ ...always, ...expected, timestamp, signature }))
  expect(timestamp, what).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  expect(isSignedBy(home.key, goText({ ...always, ...expected, timestamp, signature: "" }), signature as string), what).toBe(true)
}

/** Of a gossip frame: its announcement, and the text of that. */
const announcementIn = (frame: string): ReadonlyArray<Heard> => {
  const head = '{"type":"gossip","payload":{"announcement":'
  if (!frame.startsWith(head)) return []
  const text = frame.slice(head.length, -2)
  return [{ text, said: JSON.parse(text) as Members }]
}

// the table ----------------------------------------------------------------------------------------------------------

/** What stands in a deployed announcement about an entity: all that its registration says. */
const entityIn = (developer: Developer, index: number, said: Members = {}): Members => {
  const { category, developer_id, developer_proof, entity_url, name, summary, tags } = sdkRequest(developer, index)
  const { developer_public_key, developer_signature, entity_index } = developer_proof as Members
  return {
    type: "agent_announce",
    entity_id: entityIdOf(developer, index),
    name,
    category,
    tags,
    summary,
    entity_url,
    entity_type: "agent",
    developer_id,
    developer_public_key,
    developer_proof: { developer_public_key, entity_index, developer_signature },
    ...said,
  }
}
const about = (developer: Developer) => ({ developer_id: idOfDeveloper(developer), public_key: developer.key.publicKey })
const profile = { name: "Ali <ce> & \u2028 Co", profile_url: "https://alice.example/?a=1&b=2", github: "alice" }
const words = { name: 'a "b" \\ <i>', summary: "tab\tand 東京 🚀 \u007f", tags: ["<b>", "R&D", "\u2029"] }
const pricing = {
  model: "per_request",
  base_price_usd: 1e-7,
  currency: "USD",
  payment_methods: ["x402"],
  rates: { Z: 1e21, a: 0.5, é: -3 },
}
const price = { entity_type: "service", service_endpoint: "https://s.example/?a&b", openapi_url: "https://s.example/o.json" }
const name = {
  type: "name_binding",
  developer_id: idOfDeveloper(alice),
  dev_handle: "alice",
  fqan: "r0.example/alice/weather",
  agent_name_zns: "weather",
  registry_host: "r0.example",
}
const handle = { type: "dev_handle", ...about(alice), name: profile.name, dev_handle: "alice" }
const proof = { handle: "alice", method: "dns", proof: "alice.example" }
const update = JSON.stringify({ summary: "changed <&>", tags: [] })
const rename = JSON.stringify({ name: "Alice B", profile_url: "", github: "" })
const minute = 60_000
const lastBinding = nameRequest(alice, { entity_id: first }, { current_version: 4 })
const observed = idOf("registry", developerOf(83).key.publicKey)
const observation = { subject: observed, period: 0, valid: 5, invalid: 0, answers: 1, uptime: 1_000, layers: ["proof", "tls"] as const }
const attestation = {
  type: "peer_attestation",
  action: "attest",
  attester_id: home.id,
  subject_id: observed,
  verified_layers: ["proof", "tls"],
}
const statusOf = (entity_id: string, status: string): Members => ({ type: "agent_announce", action: "agent_status", entity_id, status })
const beat = (node: Service, index: number) =>
  Effect.flatMap(Clock.currentTimeMillis, (nowMs) => {
    const now = writeTime(Math.floor(nowMs / 1_000))
    return node.beat(entityIdOf(alice, index), now, sign(entityKeyOf(alice, index), now))
  })

const spki = createHash("sha256")
  .update(publicKeyOf(home.key).export({ format: "der", type: "spki" }))
  .digest("hex")

const table: ReadonlyArray<Row> = [
  [
    "its own proof",
    (node) => node.proof,
    [
      {
        type: "registry_proof",
        action: "publish",
        domain: "r0.example",
        ed25519_public_key: home.key,
        tls_spki_fingerprint: `sha256:${spki}`,
        verification_tier: "self-announced",
      },
    ],
    20_000,
  ],
  [
    "a developer",
    (node) => node.registerDeveloper(developerRequest(alice, profile)),
    [{ type: "developer_announce", action: "register", ...about(alice), ...profile }],
  ],
  ["its handle", (node) => node.claimHandle(handleRequest(alice, "alice")), [{ ...handle, action: "claim" }]],
  [
    "the handle, verified",
    (node) =>
      node.verifyHandle("alice", { method: "dns", proof: "alice.example", signature: sign(alice.key, canonical(proof)) }, () =>
        Effect.succeed(true),
      ),
    [{ ...handle, action: "verify", dev_handle_verified: true, verification_method: "dns" }],
  ],
  ["an agent", (node) => node.registerEntity(sdkRequest(alice, 0, words)), [entityIn(alice, 0, { action: "register", ...words })]],
  ["another", (node) => node.registerEntity(sdkRequest(alice, 1)), [entityIn(alice, 1, { action: "register" })]],
  [
    "a service with prices",
    (node) => node.registerEntity(sdkRequest(alice, 2, { entity_type: "service" }, { ...price, entity_pricing: pricing })),
    [entityIn(alice, 2, { entity_id: service, action: "register", ...price, entity_pricing: pricing })],
  ],
  [
    "an agent's update",
    (node) => node.updateEntity(first, update, byEntity(0, update)),
    [entityIn(alice, 0, { action: "update", ...words, summary: "changed <&>", tags: [] })],
  ],
  [
    "a developer whom only its agent's proof introduces",
    (node) => node.registerEntity(sdkRequest(bob, 0)),
    [{ type: "developer_announce", action: "register", ...about(bob) }, entityIn(bob, 0, { action: "register" })],
  ],
  [
    "a name",
    (node) => node.bindName(nameRequest(alice, { entity_id: first, capability_tags: ["a&b"], version: "v1" })),
    [{ ...name, action: "register", entity_id: first, version: "v1", capability_tags: ["a&b"] }],
  ],
  [
    "a name that means another",
    (node) => node.rebindName("alice", "weather", nameRequest(alice, { entity_id: second }, { current_version: 2 })),
    [{ ...name, action: "update", entity_id: second, version: "2" }],
  ],
  [
    "a name that means what it did",
    (node) =>
      node.rollbackName(
        "alice",
        "weather",
        1,
        nameRequest(alice, { entity_id: first, capability_tags: ["a&b"], version: "v1" }, { current_version: 3 }),
      ),
    [{ ...name, action: "update", entity_id: first, version: "v1", capability_tags: ["a&b"] }],
  ],
  [
    "the end of a name",
    (node) => node.releaseName("alice", "weather", byAlice("release:r0.example/alice/weather")),
    [{ ...name, action: "release" }],
  ],
  [
    "a name that its developer did not sign: it counts at its registry alone",
    (node) => node.registerEntity(sdkRequest(alice, 3, {}, { entity_name: "unsigned" })),
    [entityIn(alice, 3, { action: "register" })],
  ],
  ["what was seen of a registry", (node) => node.attest(observation), [attestation]],
  [
    "silence",
    () => Effect.void,
    [first, second, service, entityIdOf(alice, 3), entityIdOf(bob, 0)].map((id) => statusOf(id, "inactive")),
    7 * minute,
  ],
  ["a sign of life", (node) => beat(node, 1), [statusOf(second, "active")]],
  ["a name, for the last time", (node) => node.bindName(lastBinding), [{ ...name, action: "register", entity_id: first, version: "4" }]],
  [
    "the end of an agent, and of its name with it",
    (node) => node.deregister(first, byEntity(0, first)),
    [
      { type: "agent_announce", action: "deregister", entity_id: first },
      { ...name, action: "release" },
    ],
  ],
  [
    "an agent that comes back after its end",
    (node) => node.registerEntity(sdkRequest(alice, 0, words)),
    [entityIn(alice, 0, { action: "register", ...words })],
  ],
  [
    "a developer's update",
    (node) => node.updateDeveloper(idOfDeveloper(alice), rename, byAlice(rename)),
    [{ type: "developer_announce", action: "update", ...about(alice), name: "Alice B" }],
  ],
  [
    "the end of a handle, and of what was named under it",
    (node) => node.releaseHandle("alice", byAlice("release:alice")),
    [
      { ...handle, name: "Alice B", action: "release" },
      { ...name, action: "release", fqan: "r0.example/alice/unsigned", agent_name_zns: "unsigned" },
    ],
  ],
  [
    "the end of a developer",
    (node) => node.deleteDeveloper(idOfDeveloper(alice), byAlice(idOfDeveloper(alice))),
    [{ type: "developer_announce", action: "deregister", ...about(alice) }],
  ],
]

it("every kind of ours is what a deployed node would write, at any distance; what has no form there is nothing", () => {
  const { ask, hears, now, say } = stageOf()
  for (const [what, asked, expected, afterMs] of table) {
    ask(asked)
    hears(what, expected, afterMs)
  }
  const origin = { ...signerOf(hostKey(seed, "n0")), signsDeployed: true }
  say(announceStatus(origin, second, "gone", undefined, now()))
  hears("a status that is gone", [])
})
