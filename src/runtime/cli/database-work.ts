/**
 * Emptying, writing out and reading in a node's database.
 *
 * What is written out proves itself: announcements with their signatures. So reading in believes nobody, and the same lines
 * serve as a backup, as a move to another database, and as what a researcher looks into.
 */
import { createReadStream, createWriteStream, existsSync } from "node:fs"
import { rename } from "node:fs/promises"
import { resolve } from "node:path"
import { createInterface } from "node:readline"
import { Effect, Layer, Stream } from "effect"
import { type Belief, believe, verified } from "../../protocol/gossip/authority.ts"
import { isBareDocument } from "../../protocol/agentdns/document.ts"
import { textOf } from "../../protocol/agentdns/rows.ts"
import { announceName, type Origin, read, signedText, type VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import { type BoundNameBody, isPrivate, type NameBody, nameSubject } from "../../protocol/gossip/kinds/name.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import { type SecretKey, sign } from "../../protocol/identity/ed25519.ts"
import { idOf, readEntityId, type RegistryId } from "../../protocol/identity/id.ts"
import { proofHolds } from "../../protocol/identity/derivation.ts"
import { readKey, readSignature, type Signature } from "../../protocol/identity/key.ts"
import { readAddress } from "../../protocol/mesh/address.ts"
import type { BareRecord, EntityRecord } from "../../protocol/records/entity.ts"
import type { NameVersion } from "../../protocol/records/name.ts"
import { readTime, type Seconds, writeTime } from "../../protocol/time.ts"
import { introducedBy } from "../../protocol/records/registration.ts"
import { identityFileOf } from "../config.ts"
import type { Settings } from "../config/settings.ts"
import { holdDataDirectory } from "../live/data-directory-lock.ts"
import { verify } from "../live/ed25519.ts"
import { readIdentity } from "../live/identity-file.ts"
import { RecordStore, type StoreFailed } from "../ports.ts"
import { emptyStore, StoreLive } from "../store/layer.ts"
import { databaseEnding } from "./database-ending.ts"
import { type Ending, exitCode } from "./exit.ts"

const storeSettings = (settings: Settings) => ({
  databaseUrl: settings["database.url"],
  dataDir: resolve(settings["server.data_dir"]),
  schema: settings["database.schema"],
  maxConnections: settings["database.max_connections"],
  isPooled: settings["database.pooler"],
})

export const emptied = (settings: Settings): Effect.Effect<void, Ending> =>
  holdDataDirectory(resolve(settings["server.data_dir"])).pipe(
    Effect.andThen(emptyStore(storeSettings(settings))),
    Effect.scoped,
    databaseEnding,
    Effect.andThen(saying("the database is empty")),
  )

// out ----------------------------------------------------------------------------------------------------------------

const pageLines = 500
/** How many lines are written or read between two words about it. */
const progressLines = 5_000

export const exportedTo =
  (file: string | undefined) =>
  (settings: Settings): Effect.Effect<void, Ending> =>
    withStore(settings, (store) =>
      Effect.gen(function* () {
        if (file !== undefined && existsSync(file))
          return yield* Effect.fail<Ending>({ code: exitCode.cannotCreate, sentence: `${file} exists already` })
        const out = yield* lineWriter(file)
        const count = yield* writeAll(store, out.write, yield* ownId(settings))
        yield* out.end
        yield* saying(`${count} announcements are written`)
      }),
    )

/**
 * Every pin and announcement that the store holds, a line each; how many announcements. Of the names of `own` also what they
 * meant before, and those that nobody else is told of.
 */
export const writeAll = Effect.fnUntraced(function* (
  store: RecordStore["Service"],
  write: LineWriter["write"],
  own?: RegistryId,
): Effect.fn.Return<number, Ending | StoreFailed> {
  let count = 0
  for (const { address, key, since } of yield* store.pins) yield* write({ pin: { address, key, since } })
  for (const { handle, name, registry, version } of own === undefined ? [] : yield* store.names({ registry: own })) {
    for (const before of (yield* store.versions(handle, name)).toReversed())
      if (before.version !== version) yield* write({ name_version: versionDocument(handle, name, before) })
    const word = (yield* store.slots(nameSubject(registry, handle, name))).find(({ origin }) => origin === registry)
    if (word === undefined || !isPrivate(word.body)) continue
    yield* write({ announcement: word.document })
    count++
  }
  yield* Stream.runForEach(Stream.grouped(store.everySlot, pageLines), (slots) =>
    Effect.gen(function* () {
      for (const announcement of yield* store.documents(slots.map(({ id }) => id)))
        yield* write({ announcement, ...(isBareDocument(announcement) && (yield* keptBeside(store, announcement))) })
      count += slots.length
      if (count % progressLines < pageLines && count >= progressLines) yield* saying(`${count} announcements`)
    }),
  )
  return count
})

/** That a word in the deployed dialect makes something local here; and of an entity what its announcement does not show. */
const keptBeside = Effect.fnUntraced(function* (store: RecordStore["Service"], document: JsonObject) {
  const word = read(document)
  if (word.type === "malformed") return {}
  const { body, origin } = word
  if (body.kind === "bare-entity") {
    const entry = yield* store.entity(body.record.entity_id)
    if (entry?.tier !== "local") return {}
    const { public_key, registered_at, signature } = entry.record
    return { kept: { public_key, signature, registered_at: writeTime(registered_at) } }
  }
  const isOurs = ({ home, tier }: { readonly home: RegistryId | undefined; readonly tier: string | undefined }) =>
    tier === "local" && home === origin
  if (body.kind === "developer") {
    const entry = yield* store.developer(body.record.developer_id)
    return isOurs({ home: entry?.record.home_registry, tier: entry?.tier }) ? { kept: {} } : {}
  }
  if (body.kind !== "handle") return {}
  return (yield* store.handles(body.handle)).some(({ registry, tier }) => isOurs({ home: registry, tier })) ? { kept: {} } : {}
})

const versionDocument = (handle: string, name: string, { boundAt, by, ...version }: NameVersion): JsonObject => {
  const { buildHash, entityId, label, signature, tags } = version
  return {
    handle,
    name,
    version: version.version,
    label,
    entity_id: entityId,
    tags,
    developer_id: by,
    bound_at: writeTime(boundAt),
    ...(buildHash !== undefined && { build_hash: buildHash }),
    ...(signature !== undefined && { signature }),
  }
}

interface LineWriter {
  readonly write: (line: JsonObject) => Effect.Effect<void, Ending>
  readonly end: Effect.Effect<void, Ending>
}

/** A file gets its name when it is whole. */
const lineWriter = (file: string | undefined): Effect.Effect<LineWriter, Ending> =>
  Effect.sync(() => {
    const beside = `${file}.unfinished`
    const stream = file === undefined ? process.stdout : createWriteStream(beside, { mode: 0o600 })
    let failure: Error | undefined
    stream.on("error", (error) => (failure = error))
    const failed: Ending = { code: exitCode.cannotCreate, sentence: `${file ?? "standard output"} cannot be written` }
    return {
      write: (line) =>
        Effect.tryPromise({
          try: async () => {
            if (failure !== undefined) throw failure
            if (!stream.write(`${JSON.stringify(line)}\n`))
              await new Promise<void>((resolve, reject) => stream.once("drain", resolve).once("error", reject))
          },
          catch: () => failed,
        }),
      end: Effect.tryPromise({
        try: async () => {
          if (file === undefined) return
          await new Promise<void>((resolve, reject) =>
            stream.once("error", reject).end(() => (failure === undefined ? resolve() : reject(failure))),
          )
          await rename(beside, file)
        },
        catch: () => failed,
      }),
    }
  })

// in -----------------------------------------------------------------------------------------------------------------

type Line =
  | { readonly type: "announcement"; readonly announcement: VerifiedAnnouncement; readonly kept: JsonObject | undefined }
  | VersionLine
  | { readonly type: "other" }
  | { readonly type: "refused" }

export const importedFrom =
  (file: string) =>
  (settings: Settings): Effect.Effect<void, Ending> =>
    withStore(settings, (store) =>
      Effect.gen(function* () {
        if (!existsSync(file)) return yield* Effect.fail<Ending>({ code: exitCode.usage, sentence: `${file} does not exist` })
        const lines = Stream.fromAsyncIterable(
          createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY }),
          (): Ending => ({ code: exitCode.cannotCreate, sentence: `${file} cannot be read` }),
        )
        const own = yield* ownIdentity(settings)
        const { known, refused, taken } = yield* takeAll(store, lines, own?.registryId, Date.now(), own)
        yield* saying(`${taken} are new here, ${known} were known, ${refused} cannot be believed`)
        if (refused > 0) return yield* Effect.fail<Ending>({ code: exitCode.refused, sentence: `${refused} lines of ${file} are left out` })
      }),
    )

export interface Tally {
  readonly taken: number
  readonly known: number
  /** Lines that are none, or that nobody signed. */
  readonly refused: number
}

/** Takes what the lines prove. `own`: the registry whose words make what is local; `origin` says them again where it must. */
export const takeAll = Effect.fnUntraced(function* (
  store: RecordStore["Service"],
  lines: Stream.Stream<string, Ending>,
  own: RegistryId | undefined,
  nowMs: number,
  origin?: Origin,
): Effect.fn.Return<Tally, Ending | StoreFailed> {
  const tally = { taken: 0, known: 0, refused: 0 }
  let read = 0
  const ours: Array<VerifiedAnnouncement> = []
  const kept = new Map<VerifiedAnnouncement, JsonObject>()
  const versions: Array<VersionLine> = []
  let others: Array<VerifiedAnnouncement> = []
  const takeOthers = Effect.suspend(() => {
    const batch = others
    others = []
    return Effect.map(store.merge(batch, nowMs), (outcomes) => {
      for (const { changed } of outcomes) tally[changed ? "taken" : "known"]++
    })
  })
  yield* Stream.runForEach(lines, (text) =>
    Effect.gen(function* () {
      if (text.trim() === "") return
      if (++read % progressLines === 0) yield* saying(`${read} lines`)
      const line = yield* readLine(text, nowMs, store, own)
      if (line.type === "refused") tally.refused++
      if (line.type === "version") versions.push(line)
      if (line.type !== "announcement") return
      // what we once said as a deployed node, and do not keep as ours, registers nothing here
      if (line.announcement.origin === own && (line.kept !== undefined || !isBareDocument(line.announcement.document))) {
        ours.push(line.announcement)
        if (line.kept !== undefined) kept.set(line.announcement, line.kept)
      } else others.push(line.announcement)
      if (others.length >= pageLines) yield* takeOthers
    }),
  )
  yield* takeOthers
  // Names need their handles and entities their developers: what carries others comes first.
  for (const announcement of ours.sort(byNeed)) {
    if (origin !== undefined && announcement.body.kind === "name") yield* takeVersions(store, origin, announcement.body, versions)
    tally[(yield* takeOurs(store, announcement, kept.get(announcement))) ? "taken" : "known"]++
  }
  return tally
})

const readLine = (
  text: string,
  nowMs: number,
  store: RecordStore["Service"],
  own: RegistryId | undefined,
): Effect.Effect<Line, StoreFailed> => {
  const said = parsed(text)
  const document = said?.["announcement"]
  if (isObject(document)) {
    const belief = ownPrivate(document, own) ?? believe(document, undefined, nowMs, verify)
    return Effect.succeed(
      belief.type === "verified"
        ? { type: "announcement", announcement: belief.announcement, kept: isObject(said?.["kept"]) ? said["kept"] : undefined }
        : { type: "refused" },
    )
  }
  const version = said?.["name_version"]
  if (isObject(version)) return Effect.succeed(readVersion(version) ?? { type: "refused" })
  const pin = said?.["pin"]
  if (!isObject(pin)) return Effect.succeed({ type: "refused" })
  const { address, key: keyText, since } = pin
  const key = typeof keyText === "string" ? readKey(keyText) : undefined
  const isWhole = typeof address === "string" && readAddress(address) !== undefined && typeof since === "number"
  return isWhole && key !== undefined
    ? Effect.as(store.pin({ address, key, since }), { type: "other" })
    : Effect.succeed({ type: "refused" })
}

/** A name of ours that we signed and nobody else: nobody else would be believed with it. */
const ownPrivate = (document: JsonObject, own: RegistryId | undefined): Belief | undefined => {
  const word = read(document)
  if (word.type === "malformed" || word.origin !== own || !isPrivate(word.body)) return undefined
  const signature = readSignature(textOf(document, "signature"))
  const isOurs = signature !== undefined && verify(word.originKey, signedText(document), signature)
  return isOurs ? verified(word) : undefined
}

interface VersionLine extends Pick<BoundNameBody, "label" | "entityId" | "tags" | "version" | "buildHash"> {
  readonly type: "version"
  readonly handle: string
  readonly name: string
  readonly at: Seconds
}

const readVersion = (said: JsonObject): VersionLine | undefined => {
  const { build_hash, handle, label, name, tags, version } = said
  const [at, entityId] = [readTime(textOf(said, "bound_at")), readEntityId(textOf(said, "entity_id"))]
  const isWhole = typeof handle === "string" && typeof name === "string" && typeof label === "string" && Number.isSafeInteger(version)
  if (!isWhole || at === undefined || entityId === undefined || !Array.isArray(tags)) return undefined
  const build = typeof build_hash === "string" ? { buildHash: build_hash } : {}
  return {
    type: "version",
    handle,
    name,
    at,
    entityId,
    label,
    tags: tags.filter((tag): tag is string => typeof tag === "string"),
    version: Number(version),
    ...build,
  }
}

/** What a name of ours meant before is said again, to nobody, before its last word: only that one is signed by more than us. */
const takeVersions = Effect.fnUntraced(function* (
  store: RecordStore["Service"],
  origin: Origin,
  body: NameBody,
  versions: ReadonlyArray<VersionLine>,
) {
  const subject = nameSubject(origin.registryId, body.handle, body.name)
  if ((yield* store.slots(subject)).some((slot) => slot.origin === origin.registryId)) return
  const { developerId, handle, host, name, publicKey } = body
  let follows: string | undefined
  for (const { at, type: _, ...version } of versions.filter((one) => one.handle === handle && one.name === name)) {
    const announcement = announceName(origin, { ...version, action: "bind", host, handle, name, developerId, publicKey }, at)
    yield* Effect.ignore(store.say([{ announcement, follows }]))
    follows = announcement.id
  }
})

const needs = ["developer", "handle", "entity", "bare-entity", "tombstone"]
const byNeed = (a: VerifiedAnnouncement, b: VerifiedAnnouncement): number => rank(a) - rank(b)
/** Names and all that nobody needs come last. */
const rank = ({ body }: VerifiedAnnouncement): number => (needs.includes(body.kind) ? needs.indexOf(body.kind) : needs.length)

/** Our own words make what is local; true when they changed something. */
const takeOurs = Effect.fnUntraced(function* (
  store: RecordStore["Service"],
  announcement: VerifiedAnnouncement,
  kept: JsonObject | undefined,
) {
  const { body, origin, subject } = announcement
  const last = (yield* store.slots(subject)).find((slot) => slot.origin === origin)
  if (last !== undefined && last.at >= announcement.at) return false
  const record = body.kind === "entity" ? body.record : body.kind === "bare-entity" ? recordWith(body.record, kept) : undefined
  if (record !== undefined && last === undefined) {
    return yield* store.register({ record, developer: introducedBy(record), announcement }).pipe(
      Effect.as(true),
      Effect.catchTags({
        AlreadyRegistered: () => Effect.succeed(false),
        Overtaken: () => Effect.succeed(false),
        Replayed: () => Effect.succeed(false),
      }),
    )
  }
  return yield* store.say([{ announcement, follows: last?.id }]).pipe(
    Effect.as(true),
    Effect.catchTag("Overtaken", () => Effect.succeed(false)),
  )
})

/** The record of an entity that we only vouch for, if this is its key. */
const recordWith = (bare: BareRecord, kept: JsonObject | undefined): EntityRecord | undefined => {
  const key = readKey(textOf(kept ?? {}, "public_key"))
  const { developer_id, developer_proof, signed: _, ...shown } = bare
  const registeredAt = readTime(textOf(kept ?? {}, "registered_at"))
  if (key === undefined || registeredAt === undefined || developer_id === "" || developer_proof === undefined) return undefined
  if (idOf(bare.entity_type, key) !== bare.entity_id || !proofHolds(developer_proof, key, verify)) return undefined
  const signature = textOf(kept ?? {}, "signature") as Signature
  return { ...shown, developer_id, developer_proof, public_key: key, signature, registered_at: registeredAt }
}

// both ---------------------------------------------------------------------------------------------------------------

const withStore = (
  settings: Settings,
  work: (store: RecordStore["Service"]) => Effect.Effect<void, Ending | StoreFailed>,
): Effect.Effect<void, Ending> =>
  holdDataDirectory(resolve(settings["server.data_dir"])).pipe(
    Effect.andThen(Layer.build(StoreLive(storeSettings(settings)))),
    Effect.flatMap((context) => Effect.flatMap(Effect.provide(RecordStore, context), work)),
    Effect.scoped,
    databaseEnding,
  )

const ownIdentity = (settings: Settings): Effect.Effect<Origin | undefined> =>
  readIdentity(identityFileOf(settings).file).pipe(
    Effect.map((found) => found && originOf(found.key)),
    Effect.orElseSucceed(() => undefined),
  )
const ownId = (settings: Settings) => Effect.map(ownIdentity(settings), (own) => own?.registryId)

const originOf = (key: SecretKey): Origin => ({
  registryId: idOf("registry", key.publicKey),
  publicKey: key.publicKey,
  sign: (text) => sign(key, text),
})

/** People's words go to standard error: standard output may be the export. */
const saying = (text: string): Effect.Effect<void> => Effect.sync(() => void process.stderr.write(`${text}\n`))

const parsed = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value)
