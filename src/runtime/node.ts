/**
 * A registry node: its cast of actors, its index, and what can be asked of it, built over whatever ports are provided.
 *
 * The very same node serves REST on a laptop and runs a thousand times in one simulation.
 */
import { Clock, Effect, Latch, type Scope } from "effect"
import type { NodeContext, NodeInput } from "../actors/node.ts"
import type { HoldingsMemory } from "../actors/holdings.ts"
import { inboundPeerOf } from "../actors/cast.ts"
import { entityOf, type Origin, type VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import type { DhtKey } from "../protocol/dht/key.ts"
import { type EntityId, idOf, readDeveloperId, readEntityId, type RegistryId } from "../protocol/identity/id.ts"
import { leaseRenewalMs } from "../protocol/limits.ts"
import type { Address } from "../protocol/mesh/address.ts"
import { blockOfEntity, blocksOf, blockOfWord } from "../protocol/moderation/blocks.ts"
import type { Hello } from "../protocol/wire/message.ts"
import type { ActorSystem } from "./actor-system.ts"
import { makeCards } from "./cards.ts"
import { crowdedOn } from "./crowded.ts"
import { guarded, isBarred } from "./guarded-transport.ts"
import { makeFederation } from "./federation.ts"
import { drawSeed, makeInterpreter, type Ports } from "./interpreter.ts"
import type { KnownHere } from "./hearsay.ts"
import { admissionOn } from "./node/admission.ts"
import { type Asking, askingOn } from "./node/asking.ts"
import { makeDesk, notFound } from "./node/desk.ts"
import { cardsOn } from "./node/cards.ts"
import { type DhtOfNode, inputOf as inputOfDht, makeDht, withoutDht } from "./node/dht.ts"
import { developersOn } from "./node/developers.ts"
import { entitiesOn } from "./node/entities.ts"
import { handlesOn } from "./node/handles.ts"
import { inspecting } from "./node/inspecting.ts"
import { peersOf } from "./node/peers.ts"
import { keepingOn } from "./node/keeping.ts"
import { livenessOn } from "./node/liveness.ts"
import { lookupsOn } from "./node/lookups.ts"
import { makeBlockList, moderationOn, vocabularyOf } from "./node/moderation.ts"
import { namesOn } from "./node/names.ts"
import { statusOf } from "./node/status.ts"
import { voiceOf } from "./node/voice.ts"
import { readsOf } from "./node/reads.ts"
import { signaturesOf } from "./node/signatures.ts"
import { trustOn } from "./node/trust.ts"
import { registryOn } from "./node/registry.ts"
import { Node } from "./node-service.ts"
import type { NodeSettings } from "./node-settings.ts"
import { Journal, type ListenFailed, RecordStore, Signer, type StoreFailed, Transport, Verifier } from "./ports.ts"
import { outwardOf } from "./outward.ts"
import { refusingOwnWords } from "./own-words.ts"
import { makeTrust } from "./trust.ts"
import { makeIndexFill } from "./index-fill.ts"
import { makeSlotFill, meetingAfter } from "./slot-fill.ts"
import { joinSiblings, Siblings } from "./siblings.ts"
import { makeReadThrough, shownOf } from "./read-through.ts"
import { SharedCache } from "./shared-cache.ts"
import { Dns, OwnCertificate, Web } from "./web.ts"
import { capabilitiesOf, storeOf, usesDht } from "./roles.ts"
import { remembering, withNames } from "./entity-views.ts"
import { makeSearcher, marked } from "./searcher.ts"
import { steps } from "./steps.ts"

/** A node that runs, and what its makers may see of it. */
export interface RunningNode {
  readonly service: Node["Service"]
  readonly actors: ActorSystem
  readonly dht: DhtOfNode
  /** Where the mesh reaches it. */
  readonly address: Address
  /** For who fills them behind: reads what the store holds. */
  readonly fillIndexes: Effect.Effect<void>
  /** Looks for its first peers, at once. */
  readonly meet: Effect.Effect<void>
  /** Says goodbye to its peers. */
  readonly stop: Effect.Effect<void>
}

/** Listens, joins the mesh, and lives until the scope closes. */
export const makeNode = Effect.fnUntraced(function* (
  settings: NodeSettings,
): Effect.fn.Return<RunningNode, ListenFailed | StoreFailed, Ports | Signer | Scope.Scope> {
  const signer = yield* Signer
  const verifier = yield* Verifier
  const disk = yield* RecordStore
  const { report } = yield* Journal
  const speaksDeployed = settings.dialect !== "spec"
  const origin: Origin = { ...signer, signsDeployed: speaksDeployed }
  const signatures = signaturesOf(signer, verifier)
  const moderation = makeBlockList(blocksOf(yield* disk.blocks))
  const { list: blockList } = moderation
  const roleStore = storeOf(settings.role, disk, settings.selection)
  const { store, views } = remembering(roleStore, yield* Clock.Clock, outwardOf(roleStore, blockList.now, blockList.note).store)
  const outward = outwardOf(store, blockList.now, blockList.note)
  const isFilled = Latch.makeUnsafe(settings.fillsIndexes === "before")
  const transport: Transport["Service"] = guarded(meetingAfter(isFilled, yield* Transport), blockList.now, ({ remoteHost, remoteKey }) => {
    const known = remoteKey === undefined ? {} : { registryId: idOf("registry", remoteKey) }
    report({ type: "peer.refused", ...known, address: remoteHost, reason: "blocked" })
    tell("gossip", { type: "verdict.given", link: 0, verdict: "drop:blocked" })
  })
  const startedAtMs = yield* Clock.currentTimeMillis
  const family = yield* joinSiblings(yield* Siblings)
  const pins = yield* disk.pins
  const isHolder = settings.role === "full"
  const roster = Effect.sync(() => rosterNow())
  const trust = makeTrust({
    self: signer.registryId,
    store: outward.store,
    actors: { snapshot: (id) => actors.snapshot(id) },
    roster,
    nowMs: Clock.currentTimeMillis,
    bootstrap: settings.bootstrap,
    ...(settings.preTrusted !== undefined && { preTrusted: settings.preTrusted }),
  })
  const searcher = yield* makeSearcher({
    indexes: settings.indexes,
    settings: settings.search,
    store: outward.store,
    entities: views.many,
    own: signer.registryId,
    stale: () => stale(),
    trustOf: (registry) => trust.of(registry),
    trustVersion: () => trust.version(),
  })
  /** What a deletion hid can be found again when that is forgotten. */
  const expireAndShow = (nowMs: number) =>
    Effect.tap(store.expire(nowMs), (forgotten) =>
      Effect.forEach(
        forgotten.flatMap(({ subject }) => readEntityId(subject) ?? []),
        // it is forgotten, whether or not the store can say now what is shown instead
        (id) => Effect.ignore(showAnew(id)),
        { discard: true },
      ),
    )
  const { actors, fork, links, tell } = yield* makeInterpreter(
    settings.engine,
    settings.cast,
    (announcement, outcome) => {
      const about = entityOf(announcement)
      if (about !== undefined) show(about, outcome.entity)
      if (outcome.changed && outcome.isWithheld !== true) trust.hear(announcement)
      if (outcome.changed) family.wrote(announcement)
      if (outcome.changed && isHolder) {
        slots.hold(announcement)
        if (outcome.isCrowded === true) fork(crowded.recount(announcement.subject))
      }
      if (!outcome.changed && isHolder && crowded.misses(announcement)) fork(crowded.recount(announcement.subject))
      for (const origin of outcome.forgotten ?? []) slots.lose(announcement.subject, origin, true)
      keeping.merged(announcement)
    },
    () =>
      Effect.ignore(
        Effect.all([operator.review, liveness.review, renewLease, attest, reviewTrust, crowded.review, dht.renew], {
          mode: "result",
          discard: true,
        }),
      ),
    inspecting(store, yield* Web, yield* Dns, verifier),
    (link, query, mayPassOn) => federation.answer(link, query, mayPassOn),
    () => federation.collectWords,
  ).pipe(
    Effect.provideService(Transport, transport),
    Effect.provideService(
      RecordStore,
      outward.forMesh(refusingOwnWords({ ...store, expire: expireAndShow }, origin, (tombstone) => announce(tombstone))),
    ),
  )
  const indexes = makeIndexFill({
    store: outward.store,
    say: settings.search.say,
    done: () => tell("node", { type: "counts.changed", ...searcher.localCounts() }),
    put: (subject, entry) => {
      searcher.follow(subject, entry)
      if (settings.indexes) federation.follow(subject, entry)
    },
  })
  const { show } = indexes
  const showAnew = steps(function* (id: EntityId) {
    const held = yield* store.entity(id)
    const entry = held === undefined ? undefined : yield* outward.seen(held)
    blockList.note(id, held, entry !== undefined)
    show(id, entry)
    return entry
  })
  const slots = makeSlotFill({
    store,
    tell: (event) => tell("holdings", event),
    attested: (ids) => (settings.indexes ? trust.begin(ids) : Effect.void),
    done: Effect.suspend(() => Effect.andThen(crowded.lookAtOwn, isFilled.open)),
  })
  const keeping = keepingOn({ role: settings.role, tell, merge: disk.merge, nowMs: Clock.currentTimeMillis })
  const holdings = () => actors.snapshot("holdings")?.context as HoldingsMemory | undefined
  const stale = (): ReadonlySet<RegistryId> => holdings()?.leases.stale ?? new Set()
  const crowded = crowdedOn({
    self: signer.registryId,
    store,
    set: () => holdings()?.set,
    hold: slots.hold,
    lose: slots.lose,
  })

  const hasDht = settings.dht.isEnabled && usesDht(settings.role) && settings.dialect !== "agentdns"
  const self: Hello = {
    type: "HELLO",
    nodeId: signer.registryId,
    publicKey: signer.publicKey,
    version: settings.version,
    capabilities: settings.capabilities ?? capabilitiesOf(settings.role, hasDht),
    network: settings.network,
    role: settings.role,
    listenPort: 0,
    ...(settings.advertisedHost !== undefined && { advertisedHost: settings.advertisedHost }),
    ...(settings.name !== undefined && { name: settings.name }),
    ...(settings.dialect === "auto" && { isBilingual: true }),
    agentCount: 0,
  }
  const input: NodeInput = {
    self,
    maxPeers: settings.maxPeers,
    announcementsPerSecond: settings.announcementsPerSecond,
    gossip: { hopsMax: settings.hopsMax, seenWindowMs: settings.seenWindowMs },
    ...(settings.allowed !== undefined && { allowed: new Set(settings.allowed) }),
    bootstrap: {
      configured: settings.isMetLater ? [] : settings.bootstrap,
      pins,
      wantedPeers: settings.wantedPeers,
      dialect: settings.dialect,
    },
    seed: yield* drawSeed,
    inspects: settings.inspects,
    blocks: blockList.now(),
    ...(hasDht && { dht: { ...inputOfDht(settings.dht), remembered: yield* disk.contacts } }),
  }
  if (speaksDeployed) actors.start({ actor: "herald", id: "herald", input: undefined })
  actors.start({ actor: "node", id: "node", input })
  const rosterNow = () => (actors.snapshot("node")?.context as NodeContext | undefined)?.roster ?? []
  const knownHere: KnownHere = {
    self: signer.registryId,
    store: outward.store,
    mayBeShown: (record) => blockOfEntity(blockList.now(), record) === undefined,
  }
  const federation = makeFederation({
    ...knownHere,
    role: settings.role,
    settings: settings.search,
    searcher,
    store: outward.store,
    verifier,
    actors,
    clock: yield* Clock.Clock,
    tell,
    send: (link, message) => links.send([link], message),
    report,
    spanned: settings.spanned,
    peers: rosterNow,
  })
  if (settings.fillsIndexes === "before") yield* indexes.run
  const sayCounts = Effect.sync(() => tell("node", { type: "counts.changed", ...searcher.localCounts() }))
  yield* sayCounts

  const address = yield* transport.listen((connection) => {
    const link = links.add(connection, inboundPeerOf, settings.dialect === "auto" ? ["spec", "agentdns"] : [settings.dialect])
    tell("node", { type: "link.accepted", link, key: connection.remoteKey, host: connection.remoteHost })
    if (actors.isAlive(inboundPeerOf(link))) links.listen(link)
    else links.close(link)
  })
  tell("node", { type: "node.listening", port: address.port })
  federation.begin()
  if (settings.fillsIndexes === "before") yield* slots.run

  const { announce, hearSibling } = voiceOf({
    self: signer.registryId,
    blocks: blockList.now,
    report,
    tell,
    held: slots.hold,
    wrote: family.wrote,
    lookAt: crowded.look,
    publish: (said) => fork(dht.publish(said)),
    forget: views.follow,
    show: (id) => Effect.andThen(showAnew(id), sayCounts),
    trust: trust.hear,
  })

  const dht: DhtOfNode = yield* makeDht({
    settings: hasDht ? settings.dht : withoutDht,
    actors,
    tell,
    origin: signer,
    signed: signatures.signed,
    store: { ...store, documents: outward.store.documents },
    nowMs: Clock.currentTimeMillis,
    spanned: settings.spanned,
    address: () => (settings.advertisedHost === undefined ? undefined : { host: settings.advertisedHost, port: address.port }),
  })

  const mayBeShown = (word: VerifiedAnnouncement): boolean => blockOfWord(blockList.now(), word) === undefined
  const asking = askingOn({
    ...knownHere,
    peers: rosterNow,
    readThrough: makeReadThrough(actors, verifier, yield* Clock.Clock),
    nowMs: Clock.currentTimeMillis,
    spanned: settings.spanned,
  })

  const keep = (id: EntityId, words: ReadonlyArray<VerifiedAnnouncement>) => Effect.andThen(keeping.keep(words), showAnew(id))

  /** What peers hold about an entity; a light node keeps it, a gateway does not. */
  const askFor = steps(function* (id: EntityId) {
    const answers = yield* asking.ours(id)
    return settings.role === "gateway" ? shownOf(answers.filter(mayBeShown)) : yield* keep(id, answers)
  })

  const desk = makeDesk({
    origin,
    store,
    shown: outward.store,
    mayBeTold: outward.mayBeTold,
    check: verifier.verify,
    signatures,
    isOpen: settings.onboarding === "open",
    host: settings.registryHost,
    role: settings.role,
    announce,
    report,
    show: (id, entry) =>
      Effect.suspend(() => {
        show(id, entry)
        return sayCounts
      }),
    refresh: (id) => Effect.ignore(Effect.andThen(showAnew(id), sayCounts)),
  })
  const found = { ...dht, find: (key: DhtKey) => Effect.map(dht.find(key), (words) => words.filter(mayBeShown)) }
  const reads = readsOf({ role: settings.role, store: outward.store, shown: views.one, dht: found, askPeers: askFor, keep })
  /** `otherwise`: what is shown of it where nothing is proven. */
  const entityById = steps(function* (id: string, otherwise: Asking["deployed"] = () => Effect.succeed(undefined)) {
    const entityId = readEntityId(id)
    const entry = entityId === undefined ? undefined : ((yield* reads.entity(entityId)) ?? (yield* otherwise(entityId)))
    return entry === undefined ? yield* notFound("no such entity") : marked(entry, stale())
  })
  const cards = yield* makeCards(settings.cards, yield* Web, yield* SharedCache, verifier)
  const peers = peersOf({
    actors,
    links,
    store: outward.store,
    roster,
    nowMs: Clock.currentTimeMillis,
    trustOf: trust.of,
    self: signer.registryId,
    leases: () => holdings()?.leases,
  })
  const reviewTrust = settings.indexes ? trust.review : Effect.void
  const attest = Effect.suspend(() => (settings.inspects ? peers.attest(service.attest) : Effect.void))
  const liveness = livenessOn(desk, startedAtMs, settings.liveness, family)

  const operator = moderationOn({
    self: signer.registryId,
    moderation,
    store,
    seen: outward.seen,
    nowMs: Clock.currentTimeMillis,
    report,
    family,
    show: (id) => Effect.andThen(showAnew(id), sayCounts),
    told: (blocks) => {
      views.forget()
      for (const actor of ["node", "gossip", "dht"]) tell(actor, { type: "blocks.changed", blocks })
      links.closeWhere((connection) => isBarred(blocks, connection), "blocked")
    },
  })
  fork(Effect.ignore(operator.begin))
  yield* family.hear((news) => (news.type === "blocks" ? fork(Effect.ignore(operator.review)) : liveness.hear(news)))

  /** Who has said anything says every eight hours at least that it is alive (`protocol/gossip/leases.ts`). */
  const renewLease = Effect.gen(function* () {
    const leases = holdings()?.leases
    const lastWord = leases?.lastWord.get(signer.registryId)
    const isDue = lastWord !== undefined && (yield* Clock.currentTimeMillis) - lastWord * 1_000 >= leaseRenewalMs
    // who has a domain says so, and anew when the certificate there is another
    if (isDue || (settings.inspects && settings.registryHost !== undefined)) yield* service.proof
  })
  actors.start({ actor: "sweep", id: "sweep", input: { periodMs: settings.liveness.sweepPeriodMs } })

  let searches = 0
  const developers = developersOn(desk)
  const service = Node.of({
    registryId: signer.registryId,
    publicKey: signer.publicKey,

    ...entitiesOn(desk),
    ...developers,
    ...admissionOn(desk, developers.registerDeveloper),
    namePeer: (peer, key) => Effect.sync(() => tell("bootstrap", { type: "peer.named", address: peer, ...(key !== undefined && { key }) })),
    ...handlesOn(desk),
    ...namesOn(desk, reads),
    ...liveness.service,
    ...registryOn(desk, yield* OwnCertificate),
    ...lookupsOn(desk, stale),
    ...operator.service,
    vocabulary: vocabularyOf(blockList, store, searcher),

    entity: (id) => entityById(id, asking.deployed),
    readyEntity: (id) => {
      const view = views.ready(id)
      return view === undefined || stale().has(view.record.home_registry) ? undefined : view
    },
    ...cardsOn(cards, entityById),
    ...trustOn(trust, entityById),

    developer: steps(function* (id) {
      const developerId = readDeveloperId(id)
      const entry = developerId === undefined ? undefined : yield* reads.developer(developerId)
      return entry ?? (yield* notFound("no such developer"))
    }),

    search: (request) =>
      Effect.suspend(() => {
        searches++
        const isIncomplete = !indexes.isDone()
        const answer = Effect.flatMap(federation.search(request), withNames(views))
        return isIncomplete ? Effect.map(answer, (found) => ({ ...found, isIncomplete })) : answer
      }),

    status: statusOf({
      self: signer.registryId,
      startedAtMs,
      actors,
      counts: operator.counts,
      indexes,
      searcher,
      dht,
      peerCount: () => rosterNow().length,
      searches: () => searches,
    }),

    peers: peers.views,
    registries: peers.registries,
  })

  const stop = Effect.gen(function* () {
    tell("dht", { type: "dht.leaving" })
    tell("node", { type: "stop.requested" })
    while (actors.isAlive("node")) yield* Effect.sleep(pollMs)
  })
  yield* family.follow(store, hearSibling)
  const meet = Effect.sync(() => settings.bootstrap.forEach((peer) => tell("bootstrap", { type: "peer.named", ...peer })))
  return { service, actors, dht, address, stop, fillIndexes: Effect.andThen(slots.runPatiently, indexes.runPatiently), meet }
})

/** The draining node is looked at this often. */
const pollMs = 20
