/** The doctor's round: one thing after the other, each told as soon as it is known. */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { Effect, Layer, type Redacted } from "effect"
import * as PgClient from "@effect/sql-pg/PgClient"
import { idOf } from "../../../protocol/identity/id.ts"
import { type Address, writeAddress } from "../../../protocol/mesh/address.ts"
import { identityFileOf } from "../../config.ts"
import type { Settings } from "../../config/settings.ts"
import { holdDataDirectory } from "../../live/data-directory-lock.ts"
import { type Identity, readIdentity } from "../../live/identity-file.ts"
import { StoreLive } from "../../store/layer.ts"
import { broken, type Finding, note, ok } from "./finding.ts"
import { judgeClock, judgeDns, judgeEndpoint, judgePeer, judgePort } from "./judgements.ts"
import type { World } from "./world.ts"

export const examine = Effect.fnUntraced(function* (
  settings: Settings,
  world: World,
  tell: (finding: Finding) => void,
): Effect.fn.Return<void> {
  const identity = yield* examineIdentity(settings, tell)
  const own = identity === undefined ? undefined : idOf("registry", identity.key.publicKey)
  const isRunning = yield* examinePorts(settings, world, own, tell)
  yield* examineDatabase(settings, isRunning, world, tell)
  const endpoint = settings["server.https_endpoint"]
  if (endpoint === undefined) {
    tell(note("public URL", "none is set, so no names can be bound here", "set [server] https_endpoint once others reach this node by it"))
  } else if (identity !== undefined && own !== undefined) {
    tell(judgeEndpoint(endpoint, yield* Effect.promise(() => world.registryAt(endpoint)), own))
    const { hostname } = new URL(endpoint)
    tell(judgeDns(hostname, yield* Effect.promise(() => world.textsAt(`_zynd.${hostname}`)), own, identity.key.publicKey))
  }
  yield* examinePeers(settings, world, tell)
})

const examineIdentity = Effect.fnUntraced(function* (settings: Settings, tell: (finding: Finding) => void) {
  const { file, isNamed } = identityFileOf(settings)
  const found = yield* readIdentity(file).pipe(
    Effect.tapError(({ reason }) =>
      Effect.sync(() => tell(broken("key", `${file} ${reason}`, "restore it from its copy; a new key is a new registry"))),
    ),
    Effect.orElseSucceed((): Identity | undefined => undefined),
  )
  if (found === undefined) {
    if (!existsSync(file))
      tell(isNamed ? broken("key", `${file} does not exist`, "name another file, or none") : ok("key", "the first start makes one"))
    return undefined
  }
  if (found.warnings.length > 0) found.warnings.forEach((warning) => tell(note("key", warning, "only its user should read it")))
  else tell(ok("key", `${idOf("registry", found.key.publicKey)} in ${file}`))
  return found
})

/** True when this very node is running. */
const examinePorts = Effect.fnUntraced(function* (
  settings: Settings,
  world: World,
  own: ReturnType<typeof idOf<"registry">> | undefined,
  tell: (finding: Finding) => void,
) {
  const http = settings["server.listen"]
  const mesh: Address = { host: settings["mesh.listen_host"], port: settings["mesh.listen_port"] }
  const isFree = yield* Effect.promise(() => world.isFree(http))
  const answering = isFree ? undefined : yield* Effect.promise(() => world.registryAt(`http://${writeAddress(reachable(http))}`))
  tell(judgePort("HTTP port", writeAddress(http), isFree, answering, own))
  const isMeshFree = yield* Effect.promise(() => world.isFree(mesh))
  const met = isMeshFree ? undefined : yield* Effect.promise(() => world.meshKeyAt(reachable(mesh)))
  tell(judgePort("mesh port", writeAddress(mesh), isMeshFree, met === undefined ? undefined : idOf("registry", met), own))
  return own !== undefined && answering === own
})

const examineDatabase = Effect.fnUntraced(function* (
  settings: Settings,
  isRunning: boolean,
  world: World,
  tell: (finding: Finding) => void,
) {
  const url = settings["database.url"]
  const dataDir = resolve(settings["server.data_dir"])
  if (url !== undefined) return yield* examineServer(url, world, tell)
  if (isRunning) return tell(ok("database", `the embedded one in ${dataDir}, in use by this node`))
  if (!existsSync(`${dataDir}/postgres`)) return tell(ok("database", "the first start makes the embedded one"))
  const opened = holdDataDirectory(dataDir).pipe(
    Effect.andThen(Layer.build(StoreLive({ databaseUrl: undefined, dataDir, schema: settings["database.schema"], maxConnections: 2 }))),
    Effect.scoped,
  )
  const advice = "stop what uses it; a copy of the whole directory can be put in its place"
  yield* Effect.match(opened, {
    onSuccess: () => tell(ok("database", `the embedded one in ${dataDir} opens`)),
    onFailure: (error) =>
      tell(broken("database", "reason" in error ? error.reason : `${dataDir} is in use by process ${error.pid}`, advice)),
  })
})

/** A server is asked who it is and what time it has; nothing is migrated. */
const examineServer = Effect.fnUntraced(function* (url: Redacted.Redacted, world: World, tell: (finding: Finding) => void) {
  const asked = Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const [row] = yield* sql.unsafe<{ readonly version: string; readonly now_ms: number }>(
      "SELECT current_setting('server_version') AS version, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms",
    )
    return row!
  }).pipe(Effect.provide(PgClient.layer({ url, connectTimeout: 4_000, maxConnections: 1 })), Effect.scoped)
  yield* Effect.match(asked, {
    onSuccess: ({ now_ms, version }) => {
      tell(ok("database", `PostgreSQL ${version} answers`))
      tell(judgeClock(world.nowMs() - now_ms, "the database's"))
    },
    onFailure: () =>
      tell(broken("database", "the PostgreSQL server does not let us in", "look at DATABASE_URL: host, port, user, password, database")),
  })
})

const examinePeers = Effect.fnUntraced(function* (settings: Settings, world: World, tell: (finding: Finding) => void) {
  const first = settings["mesh.bootstrap_peers"]
  if (first.length === 0) return tell(note("peers", "none is named", "others join with --bootstrap HOST:PORT, or this node does"))
  for (const { address, key } of first) {
    const met = yield* Effect.promise(() => world.meshKeyAt(address))
    const where = writeAddress(address)
    tell(
      met === undefined
        ? broken(`peer ${where}`, "does not answer", "is the address right, and does a firewall let TCP through?")
        : judgePeer(where, met, key),
    )
  }
})

/** Where a caller on this machine finds what listens everywhere. */
const reachable = ({ host, port }: Address): Address => ({ host: host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host, port })
