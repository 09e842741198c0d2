/** What `agentdns import-go` does: reads one database, judges it, and writes the other. */
import { resolve } from "node:path"
import { Effect, Layer, Redacted } from "effect"
import { type SecretKey, sign } from "../../protocol/identity/ed25519.ts"
import { idOf } from "../../protocol/identity/id.ts"
import { identityFileOf, type Told } from "../config.ts"
import { holdDataDirectory } from "../live/data-directory-lock.ts"
import { verify } from "../live/ed25519.ts"
import { type IdentityUnusable, type KeyFile, readIdentity, readKeyFile, writeKeyFile } from "../live/identity-file.ts"
import { type GoDatabase, leftTables, moveOver, type Tally, takenTables } from "../moving-over.ts"
import { RecordStore, type StoreFailed } from "../ports.ts"
import { withGoDatabase } from "../store/go-database.ts"
import { StoreLive } from "../store/layer.ts"
import { makeMemoryStore } from "../store/memory.ts"
import { columns } from "./columns.ts"
import { databaseEnding } from "./database-ending.ts"
import { type Ending, exitCode } from "./exit.ts"
import { identityEnding, namedButAbsent } from "./run.ts"
import { settingsFor } from "./settings.ts"

export interface Wish {
  readonly url: string
  readonly identity: string
  /** Of the deployed node's tables. */
  readonly schema: string
  readonly isEmbedded: boolean
  readonly isDry: boolean
  readonly isJson: boolean
  readonly told: Omit<Told, "file">
}

export const importing = ({ identity, isDry, isEmbedded, isJson, schema, told, url }: Wish): Effect.Effect<void, Ending> =>
  Effect.gen(function* () {
    const { settings } = yield* settingsFor(told)
    const keys = yield* readKeyFile(identity).pipe(Effect.mapError((error) => identityEnding(error, true)))
    if (keys === undefined) return yield* Effect.fail(namedButAbsent(identity))
    const dataDir = resolve(settings["server.data_dir"])
    const target = {
      databaseUrl: isEmbedded ? undefined : (settings["database.url"] ?? Redacted.make(url)),
      dataDir,
      schema: settings["database.schema"],
      maxConnections: settings["database.max_connections"],
      isPooled: settings["database.pooler"],
    }
    const from = (store: RecordStore["Service"]) =>
      withGoDatabase(Redacted.make(url), schema, (source) => moved(source, store, keys.key, isJson))
    if (isDry) {
      const tally = yield* databaseEnding(from(makeMemoryStore()))
      return yield* said(tally, isJson, `nothing was written: this is what would come of it`)
    }
    const tally = yield* holdDataDirectory(dataDir).pipe(
      Effect.andThen(takingIdentity(identityFileOf(settings).file, keys)),
      Effect.andThen(Layer.build(StoreLive(target))),
      Effect.flatMap((context) => Effect.flatMap(Effect.provide(RecordStore, context), from)),
      Effect.scoped,
      databaseEnding,
    )
    const where = isEmbedded ? `--data-dir ${dataDir}` : `with [database] url and schema "${target.schema}"`
    return yield* said(tally, isJson, `the node is ${idOf("registry", keys.key.publicKey)}; agentdns start ${where} serves it`)
  })

/** The data directory's identity is the deployed node's from now on; another one is never overwritten. */
const takingIdentity = (file: string, { key, seed }: KeyFile): Effect.Effect<void, Ending> =>
  Effect.gen(function* () {
    const present = yield* readIdentity(file)
    if (present === undefined) yield* writeKeyFile(file, seed)
    else if (present.key.publicKey !== key.publicKey) {
      const sentence = `${file} is another registry's identity: choose another --data-dir`
      return yield* Effect.fail<Ending>({ code: exitCode.cannotCreate, sentence })
    }
  }).pipe(Effect.catchTag("IdentityUnusable", (error: IdentityUnusable) => Effect.fail(identityEnding(error, false))))

const moved = Effect.fnUntraced(function* (
  source: GoDatabase,
  store: RecordStore["Service"],
  key: SecretKey,
  isJson: boolean,
): Effect.fn.Return<{ readonly tally: Tally; readonly left: ReadonlyMap<string, number> }, StoreFailed> {
  const counts = yield* source.counts
  const toldOf = (table: string) => `${(counts.get(table) ?? 0).toLocaleString("en")} ${table}`
  aside(`the deployed node keeps ${takenTables.map(toldOf).join(", ")}`)
  const tally = yield* moveOver({
    source,
    store,
    origin: { registryId: idOf("registry", key.publicKey), publicKey: key.publicKey, sign: (text) => sign(key, text) },
    check: verify,
    nowMs: Date.now(),
    found: ({ id, kind, outcome, why }) =>
      aloud(
        isJson
          ? JSON.stringify({ row: kind, id, outcome, why })
          : `${outcome === "unproven" ? "its registry's word" : outcome}: ${kind} ${id}: ${why}`,
      ),
    progress: (table, rows) => aside(`${rows.toLocaleString("en")} of ${toldOf(table)}`),
  })
  return { tally, left: new Map(leftTables.flatMap((table) => ((counts.get(table) ?? 0) > 0 ? [[table, counts.get(table)!]] : []))) }
})

const said = (
  { left, tally }: { readonly tally: Tally; readonly left: ReadonlyMap<string, number> },
  isJson: boolean,
  end: string,
): Effect.Effect<void> =>
  Effect.sync(() => {
    if (isJson) return aloud(JSON.stringify({ tally, left_to_the_mesh: Object.fromEntries(left) }))
    const rows = Object.entries(tally).map(([kind, { known, proven, unproven, ...others }]) =>
      [kind, proven, unproven, known, others["left out"]].map(String),
    )
    aloud(`\n${columns([["", "PROVEN", "OUR WORD", "HERE BEFORE", "LEFT OUT"], ...rows])}\n`)
    if (left.size > 0)
      aloud(
        `left to the mesh, which tells it again: ${[...left].map(([table, count]) => `${count.toLocaleString("en")} ${table}`).join(", ")}`,
      )
    aloud(end)
  })

const aloud = (line: string): void => void process.stdout.write(`${line}\n`)
/** People's words while it is under way. */
const aside = (line: string): void => void process.stderr.write(`${line}\n`)
