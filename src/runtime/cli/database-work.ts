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
import { believe } from "../../protocol/gossip/authority.ts"
import type { VerifiedAnnouncement } from "../../protocol/gossip/announcement.ts"
import { isBareDocument } from "../../protocol/agentdns/document.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import { verify } from "../../protocol/identity/ed25519.ts"
import { idOf, type RegistryId } from "../../protocol/identity/id.ts"
import { readKey } from "../../protocol/identity/key.ts"
import { readAddress } from "../../protocol/mesh/address.ts"
import { introducedBy } from "../../protocol/records/registration.ts"
import { identityFileOf } from "../config.ts"
import type { Settings } from "../config/settings.ts"
import { holdDataDirectory } from "../live/data-directory-lock.ts"
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
        const count = yield* writeAll(store, out.write)
        yield* out.end
        yield* saying(`${count} announcements are written`)
      }),
    )

/** Every pin and announcement that the store holds, a line each; how many announcements. */
export const writeAll = Effect.fnUntraced(function* (
  store: RecordStore["Service"],
  write: LineWriter["write"],
): Effect.fn.Return<number, Ending | StoreFailed> {
  let count = 0
  for (const { address, key, since } of yield* store.pins) yield* write({ pin: { address, key, since } })
  yield* Stream.runForEach(Stream.grouped(store.everySlot, pageLines), (slots) =>
    Effect.gen(function* () {
      for (const announcement of yield* store.documents(slots.map(({ id }) => id))) yield* write({ announcement })
      count += slots.length
      if (count % progressLines < pageLines && count >= progressLines) yield* saying(`${count} announcements`)
    }),
  )
  return count
})

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
  | { readonly type: "announcement"; readonly announcement: VerifiedAnnouncement }
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
        const { known, refused, taken } = yield* takeAll(store, lines, yield* ownId(settings), Date.now())
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

/** Takes what the lines prove. `own`: the registry whose words make what is local. */
export const takeAll = Effect.fnUntraced(function* (
  store: RecordStore["Service"],
  lines: Stream.Stream<string, Ending>,
  own: RegistryId | undefined,
  nowMs: number,
): Effect.fn.Return<Tally, Ending | StoreFailed> {
  const tally = { taken: 0, known: 0, refused: 0 }
  let read = 0
  const ours: Array<VerifiedAnnouncement> = []
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
      const line = yield* readLine(text, nowMs, store)
      if (line.type === "refused") tally.refused++
      if (line.type !== "announcement") return
      // what we said as a deployed node registers nothing here
      if (line.announcement.origin === own && !isBareDocument(line.announcement.document)) ours.push(line.announcement)
      else others.push(line.announcement)
      if (others.length >= pageLines) yield* takeOthers
    }),
  )
  yield* takeOthers
  // Names need their handles and entities their developers: what carries others comes first.
  for (const announcement of ours.sort(byNeed)) tally[(yield* takeOurs(store, announcement)) ? "taken" : "known"]++
  return tally
})

const readLine = (text: string, nowMs: number, store: RecordStore["Service"]): Effect.Effect<Line, StoreFailed> => {
  const said = parsed(text)
  const document = said?.["announcement"]
  if (isObject(document)) {
    const belief = believe(document, undefined, nowMs, verify)
    return Effect.succeed(belief.type === "verified" ? { type: "announcement", announcement: belief.announcement } : { type: "refused" })
  }
  const pin = said?.["pin"]
  if (!isObject(pin)) return Effect.succeed({ type: "refused" })
  const { address, key: keyText, since } = pin
  const key = typeof keyText === "string" ? readKey(keyText) : undefined
  const isWhole = typeof address === "string" && readAddress(address) !== undefined && typeof since === "number"
  return isWhole && key !== undefined
    ? Effect.as(store.pin({ address, key, since }), { type: "other" })
    : Effect.succeed({ type: "refused" })
}

const needs = ["developer", "handle", "entity", "tombstone"]
const byNeed = (a: VerifiedAnnouncement, b: VerifiedAnnouncement): number => rank(a) - rank(b)
/** Names and all that nobody needs come last. */
const rank = ({ body }: VerifiedAnnouncement): number => (needs.includes(body.kind) ? needs.indexOf(body.kind) : needs.length)

/** Our own words make what is local; true when they changed something. */
const takeOurs = Effect.fnUntraced(function* (store: RecordStore["Service"], announcement: VerifiedAnnouncement) {
  const { body, origin, subject } = announcement
  const last = (yield* store.slots(subject)).find((slot) => slot.origin === origin)
  if (last !== undefined && last.at >= announcement.at) return false
  if (body.kind === "entity" && last === undefined) {
    const { record } = body
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

const ownId = (settings: Settings): Effect.Effect<RegistryId | undefined> =>
  readIdentity(identityFileOf(settings).file).pipe(
    Effect.map((found) => found && idOf("registry", found.key.publicKey)),
    Effect.orElseSucceed(() => undefined),
  )

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
