/** Announcements between a node of ours and deployed ones, over real sockets: of every kind, both ways, and beyond one hop. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { sign } from "../../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import { writeTime } from "../../../src/protocol/time.ts"
import { defaultSettings } from "../../../src/runtime/node-settings.ts"
import type { RunningNode } from "../../../src/runtime/node.ts"
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
import { agentOf, developerOfNode, heldAt, ours, peerOf, until } from "../../support/deployed-mesh.ts"
import type { DeployedAnnouncement } from "../../../src/sim/deployed/announcement.ts"
import type { DeployedPeer } from "../../support/deployed-peer.ts"

const alice = developerOf(41)
const idOfDeveloper = (developer: Developer) => idOf("developer", developer.key.publicKey)
const id = entityIdOf(alice, 0)

const entityAt = (node: RunningNode) => heldAt(node, id)
const developerAt = (node: RunningNode) =>
  Effect.runSync(Effect.orElseSucceed(node.service.developer(idOfDeveloper(alice)), () => undefined))
const play = (program: Effect.Effect<void, unknown>) => Effect.runPromise(program)

/** One second later each, as far as the speaker's clock goes: two in one second are one to its kind. */
const saying = (peer: DeployedPeer) => (said: Parameters<DeployedPeer["node"]["say"]>[0]) => {
  peer.pass(1_000)
  peer.node.say(said)
}

/** Everything that a deployed node can say of one developer, its entity, its handle and its name; `shown` after each of them. */
const story = (host: string) => {
  const name = {
    entity_id: id,
    developer_id: idOfDeveloper(alice),
    dev_handle: "alice",
    fqan: `${host}/alice/weather`,
    agent_name_zns: "weather",
    registry_host: host,
  }
  return {
    developer: developerOfNode(alice, { profile_url: "https://alice.example", github: "alice" }),
    developerUpdate: developerOfNode(alice, { action: "update", name: "Alice B" }),
    claim: developerOfNode(alice, { type: "dev_handle", action: "claim", dev_handle: "alice" }),
    verify: developerOfNode(alice, {
      type: "dev_handle",
      action: "verify",
      dev_handle: "alice",
      dev_handle_verified: true,
      verification_method: "dns",
    }),
    agent: agentOf(alice, 0),
    agentUpdate: agentOf(alice, 0, { action: "update", summary: "changed" }),
    inactive: { type: "agent_announce", action: "agent_status", entity_id: id, status: "inactive" },
    bind: { ...name, type: "name_binding", action: "register", version: "1.0.0" },
    rebind: { ...name, type: "name_binding", action: "update", version: "1.1.0" },
    releaseName: { ...name, type: "name_binding", action: "release" },
    deregister: agentOf(alice, 0, { action: "deregister" }),
    releaseHandle: developerOfNode(alice, { type: "dev_handle", action: "release", dev_handle: "alice" }),
    developerEnd: developerOfNode(alice, { action: "deregister" }),
  } as const
}

/** What a deployed node understands and never says by itself; others of its kind may. */
const understood = (peer: DeployedPeer, host: string, subject: string) => {
  const { publicKey, registryId } = peer.node.settings
  return [
    { ...story(host).bind, action: "version", version: "1.2.0" },
    {
      type: "registry_proof",
      action: "publish",
      domain: host,
      ed25519_public_key: publicKey,
      tls_spki_fingerprint: `sha256:${"ab".repeat(32)}`,
    },
    { type: "peer_attestation", action: "attest", attester_id: registryId, subject_id: subject, verified_layers: ["dns"] },
  ] as const
}

/** Announcements that it was sent, as `type action`, in order; of one registry where that is given. */
const kindsHeard = (peer: DeployedPeer, of?: string): ReadonlyArray<string> =>
  peer.heard.flatMap((frame) => {
    if (!frame.startsWith('{"type":"gossip"')) return []
    const { action, home_registry, hop_count, type } = (JSON.parse(frame) as GossipFrame).payload.announcement
    return of === undefined || home_registry === of ? [`${type} ${action}${hop_count === 0 ? "" : ` after ${hop_count} hops`}`] : []
  })

interface GossipFrame {
  readonly payload: { readonly announcement: DeployedAnnouncement }
}

describe.concurrent("what a deployed node announces", () => {
  it("is shown by us: developer, handle, entity, status, name, and their ends", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(311)
        const peer = yield* peerOf(node, "speaker")
        const say = saying(peer)
        const told = story("speaker.example")
        say(told.developer)
        yield* until("the developer", () => developerAt(node)?.record.name === "Alice")
        say(told.developerUpdate)
        yield* until("its update", () => developerAt(node)?.record.name === "Alice B")
        say(told.claim)
        yield* until("the handle", () => Effect.runSync(Effect.orElseSucceed(node.service.handle("alice"), () => undefined)) !== undefined)
        say(told.verify)
        say(told.agent)
        yield* until("the entity", () => entityAt(node)?.record.summary === "as it was registered")
        expect(entityAt(node)!.record.home_registry).toBe(peer.node.settings.registryId)
        say(told.agentUpdate)
        yield* until("its update", () => entityAt(node)?.record.summary === "changed")
        say(told.inactive)
        yield* until("its status", () => entityAt(node)?.status === "inactive")
        say(told.bind)
        const resolved = () =>
          Effect.runSync(Effect.orElseSucceed(node.service.resolveName("alice", "weather", "speaker.example"), () => undefined))
        yield* until("the name", () => resolved()?.name.entityId === id)
        say(told.rebind)
        say(told.releaseName)
        yield* until("no name", () => resolved() === undefined)
        say(told.deregister)
        yield* until("no entity", () => entityAt(node) === undefined)
        say(told.releaseHandle)
        yield* until("no handle", () => Effect.runSync(Effect.orElseSucceed(node.service.handle("alice"), () => undefined)) === undefined)
        say(told.developerEnd)
        yield* until("no developer", () => developerAt(node) === undefined)
      }).pipe(Effect.scoped),
    ))

  it("reaches another deployed node through one and through two of ours", () =>
    play(
      Effect.gen(function* () {
        const near = yield* ours(312)
        const far = yield* ours(313, { bootstrap: [{ address: near.address }] })
        const speaker = yield* peerOf(near, "far-speaker")
        const listeners = [yield* peerOf(near, "near-listener"), yield* peerOf(far, "far-listener")]
        yield* until("ours know each other", () =>
          Effect.runSync(far.service.peers).some(({ registryId }) => registryId === near.service.registryId),
        )
        const say = saying(speaker)
        const all = (what: string, holds: (peer: DeployedPeer) => boolean) => until(what, () => listeners.every(holds))
        const entity = ({ node }: DeployedPeer) => node.records.entity(id)
        const told = story("speaker.example")
        say(told.developer)
        yield* all(
          "the developer",
          ({ node }) => node.records.developers.get(idOfDeveloper(alice))?.profile_url === "https://alice.example",
        )
        say(told.claim)
        yield* all("the handle", ({ node }) => node.records.developers.get(idOfDeveloper(alice))?.profile_url === "")
        say(told.agent)
        yield* all("the entity", (peer) => entity(peer)?.summary === "as it was registered")
        say(told.agentUpdate)
        yield* all("its update", (peer) => entity(peer)?.summary === "changed")
        say(told.inactive)
        yield* all("its status", (peer) => entity(peer)?.status === "inactive")
        say(told.bind)
        yield* all("the name", ({ node }) => node.records.resolve("speaker.example/alice/weather")?.version === "1.0.0")
        say(told.releaseName)
        yield* all("no name", ({ node }) => node.records.resolve("speaker.example/alice/weather") === undefined)
        say(told.deregister)
        yield* all("its end", (peer) => entity(peer)?.isTombstoned === true)
        say(told.developerUpdate)
        yield* all("the developer's update", ({ node }) => node.records.developers.get(idOfDeveloper(alice))?.name === "Alice B")
        // and all else that it can say: each is sent on as it was signed
        const others = [
          told.verify,
          told.rebind,
          ...understood(speaker, "speaker.example", near.service.registryId),
          told.releaseHandle,
          told.developerEnd,
        ]
        for (const one of others) say(one)
        const wanted = [...Object.values(told), ...others].map(({ action, type }) => `${type} ${action}`)
        const heard = (peer: DeployedPeer) => kindsHeard(peer, speaker.node.settings.registryId)
        yield* all("every kind", (peer) => wanted.every((kind) => heard(peer).includes(kind)))
        for (const peer of listeners) expect(new Set(heard(peer))).toEqual(new Set(wanted))
        expect(listeners.map(({ node }) => node.refused)).toEqual([0, 0])
      }).pipe(Effect.scoped),
    ))

  it("proves nothing about what is ours: no entity, developer or registry is taken over", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(314)
        yield* node.service.registerEntity(sdkRequest(alice, 0, { summary: "ours" }))
        const peer = yield* peerOf(node, "thief")
        const say = saying(peer)
        say(agentOf(alice, 0, { summary: "stolen" }))
        say(agentOf(alice, 0, { action: "update", summary: "stolen" }))
        say(agentOf(alice, 0, { action: "deregister" }))
        say(agentOf(alice, 0, { summary: "stolen", home_registry: node.service.registryId }))
        say(agentOf(alice, 1))
        yield* until("what is said last is heard", () => heldAt(node, entityIdOf(alice, 1)) !== undefined)
        expect(entityAt(node)).toMatchObject({ record: { summary: "ours", home_registry: node.service.registryId } })
      }).pipe(Effect.scoped),
    ))

  it("two about one id in one second are two for us", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(315)
        const peer = yield* peerOf(node, "hasty")
        peer.node.say(developerOfNode(alice))
        peer.node.say(developerOfNode(alice, { type: "dev_handle", action: "claim", dev_handle: "alice" }))
        yield* until("both", () => developerAt(node) !== undefined && Effect.runSync(Effect.isSuccess(node.service.handle("alice"))))
      }).pipe(Effect.scoped),
    ))
})

describe.concurrent("what we announce", () => {
  const bearer = (text: string) => `Bearer ${sign(entityKeyOf(alice, 0), text)}`
  const byDeveloper = (text: string) => `Bearer ${sign(alice.key, text)}`

  it("is taken by deployed nodes at one hop and behind another of ours", () =>
    play(
      Effect.gen(function* () {
        const near = yield* ours(321)
        const far = yield* ours(322, { bootstrap: [{ address: near.address }] })
        const peers = [yield* peerOf(near, "one-hop"), yield* peerOf(far, "two-hops")]
        yield* until("ours know each other", () =>
          Effect.runSync(far.service.peers).some(({ registryId }) => registryId === near.service.registryId),
        )
        const all = (what: string, holds: (records: DeployedPeer["node"]["records"]) => boolean) =>
          until(what, () => peers.every(({ node }) => holds(node.records)))
        const { service } = near
        yield* service.registerDeveloper(developerRequest(alice, { profile_url: "https://alice.example" }))
        yield* service.claimHandle(handleRequest(alice, "alice"))
        // both in one second here, and both known there: the handle's announcement blanks the profile
        yield* all("developer and handle", ({ developers }) => developers.get(idOfDeveloper(alice))?.profile_url === "")
        yield* service.registerEntity(sdkRequest(alice, 0, { summary: "first", tags: ["<b>", "R&D"] }))
        const body = JSON.stringify({ summary: "second" })
        yield* service.updateEntity(id, body, bearer(body))
        yield* all("the entity, as it was last said", ({ heard }) => heard.get(id)?.summary === "second")
        expect(peers.map(({ node }) => node.records.heard.get(id)?.home_registry)).toEqual([service.registryId, service.registryId])
        yield* service.bindName(nameRequest(alice, { entity_id: id }))
        const fqan = "r321.example/alice/weather"
        yield* all("the name", (records) => records.resolve(fqan)?.entity_id === id)
        yield* service.releaseName("alice", "weather", byDeveloper(`release:${fqan}`))
        yield* all("no name", (records) => records.resolve(fqan) === undefined)
        yield* service.deregister(id, bearer(id))
        yield* all("no entity", ({ heard }) => heard.get(id)?.isTombstoned === true)
        expect(peers.map(({ node }) => [node.refused, node.diedOf])).toEqual([
          [0, undefined],
          [0, undefined],
        ])
      }).pipe(Effect.scoped),
    ))

  it("that an entity fell silent, and lives again", () =>
    play(
      Effect.gen(function* () {
        const liveness = { ...defaultSettings.liveness, inactiveAfterMs: 100, sweepPeriodMs: 50 }
        const node = yield* ours(323, { liveness })
        const peer = yield* peerOf(node, "listens-to-beats")
        yield* node.service.registerEntity(sdkRequest(alice, 0))
        // it falls silent again a moment later: what was said is looked at, not what is shown
        const statuses = () => peer.heard.flatMap((frame) => /"action":"agent_status","status":"(\w+)"/.exec(frame)?.[1] ?? [])
        yield* until("its silence", () => statuses().includes("inactive"))
        const now = writeTime(Math.floor(Date.now() / 1_000))
        yield* node.service.beat(id, now, sign(entityKeyOf(alice, 0), now))
        yield* until("its sign of life", () => statuses().includes("active"))
        yield* until("its silence again", () => peer.node.records.heard.get(id)?.status === "inactive")
      }).pipe(Effect.scoped),
    ))
})

describe.concurrent("who comes late", () => {
  it("is told what it missed, of ours and of other deployed nodes", () =>
    play(
      Effect.gen(function* () {
        const node = yield* ours(331)
        const early = yield* peerOf(node, "early")
        saying(early)(agentOf(alice, 0))
        yield* node.service.registerEntity(sdkRequest(alice, 1, { summary: "of ours" }))
        yield* until("what the other said", () => entityAt(node) !== undefined)
        const late = yield* peerOf(node, "late")
        yield* until(
          "both",
          () => late.node.records.heard.has(id) && late.node.records.heard.get(entityIdOf(alice, 1))?.summary === "of ours",
        )
        expect(late.node.refused).toBe(0)
      }).pipe(Effect.scoped),
    ))
})
