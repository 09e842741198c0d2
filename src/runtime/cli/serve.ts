/**
 * Runs a node until it is told to stop.
 *
 * What can fail cheaply is tried first and what makes something comes last, so that a start that is refused leaves nothing
 * half made: settings, the data directory's lock, the ports, the identity if there is one; then the database, a new
 * identity if there was none, the mesh, HTTP. All of it is one scope, and its end puts everything away in reverse.
 */
import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { Context, Effect, Layer, Logger } from "effect"
import { Activity, makeActivity } from "../activity.ts"
import { identityFileOf } from "../config.ts"
import type { Settings } from "../config/settings.ts"
import { layer as codec } from "../codec.ts"
import { compiledEngine } from "../engine/compiled.ts"
import type { HttpSettings } from "../http/settings.ts"
import { holdDataDirectory } from "../live/data-directory-lock.ts"
import { makeIdentity, readIdentity } from "../live/identity-file.ts"
import { systemHandleWitness } from "../live/handle-witness.ts"
import { signerOf, strictVerifier } from "../live/keys.ts"
import { canListen, listeningReason } from "../live/listening.ts"
import { systemTimers } from "../live/timers.ts"
import { searchSettings } from "../embedding/open.ts"
import { plainTransport } from "../live/plain-transport.ts"
import { tlsTransport } from "../live/tls-transport.ts"
import { publicDns } from "../live/public-dns.ts"
import { type TlsFiles, tlsFiles } from "../live/tls-files.ts"
import { isPublicAddress } from "../live/public-address.ts"
import { publicWeb, systemResolve } from "../live/public-web.ts"
import { Node } from "../node-service.ts"
import { ownCertificate } from "../own-certificate.ts"
import { SharedCache } from "../shared-cache.ts"
import { Dns, OwnCertificate, Web } from "../web.ts"
import { readDeveloperId } from "../../protocol/identity/id.ts"
import { makeNode } from "../node.ts"
import { defaultSettings, type NodeSettings } from "../node-settings.ts"
import { Journal, RecordStore } from "../ports.ts"
import { traced, tracedService, untraced } from "../tracing.ts"
import { StoreLive } from "../store/layer.ts"
import { databaseEnding } from "./database-ending.ts"
import { type Ending, exitCode } from "./exit.ts"
import { journalOf } from "./journal.ts"
import { meshPlace } from "./mesh-place.ts"
import { type Reporter, reporterFor } from "./reporter.ts"
import { identityEnding, namedButAbsent } from "./run.ts"
import { settingsFor } from "./settings.ts"
import { version } from "./version.ts"

/** The node of these settings, from its first file to its last goodbye. */
export const serveUntilStopped = (
  argv: ReadonlyArray<string>,
  env: Readonly<Record<string, string | undefined>>,
): Effect.Effect<void, Ending> =>
  Effect.gen(function* () {
    const { notes, settings, warnings } = yield* settingsFor({ argv, env })
    const reporter = reporterFor(settings.log)
    warnings.forEach(reporter.warn)
    notes.forEach(reporter.note)
    const telemetry = yield* telemetryOf(settings)
    const logs = settings.log === "json" ? Logger.layer([Logger.consoleJson]) : Layer.empty
    return yield* serve(settings, reporter).pipe(Effect.provide(Layer.mergeAll(logs, telemetry)))
  })

/** Nothing where the operator collects no spans; then not even the code of it is read. */
const telemetryOf = (settings: Settings): Effect.Effect<Layer.Layer<never>> => {
  const endpoint = settings["telemetry.otlp_endpoint"]
  if (endpoint === undefined) return Effect.succeed(Layer.empty)
  const collector = {
    endpoint,
    headers: settings["telemetry.otlp_headers"],
    serviceName: settings["telemetry.service_name"],
    version: version(),
  }
  return Effect.map(
    Effect.promise(() => import("../live/telemetry.ts")),
    ({ otlp }) => otlp(collector),
  )
}

const serve = (settings: Settings, reporter: Reporter): Effect.Effect<never, Ending> =>
  Effect.gen(function* () {
    const dataDirectory = resolve(settings["server.data_dir"])
    const { file, isNamed } = identityFileOf(settings)
    const meshListen = { host: settings["mesh.listen_host"], port: settings["mesh.listen_port"] }

    yield* holdDataDirectory(dataDirectory)
    yield* canListen(settings["database.shared"] ? [settings["server.listen"]] : [settings["server.listen"], meshListen])
    const found = yield* readIdentity(file)
    if (found === undefined && isNamed) return yield* Effect.fail(namedButAbsent(file))

    const search = yield* searchSettings(settings, reporter.note, reporter.warn)

    // The embedded database opens in a thread of its own; meanwhile this one reads the code of REST, the largest part. A server
    // waits for this thread: on a busy machine it would have to wait longer than we do for it.
    const readHttpCode = () => import("../http/server.ts")
    const httpCode = settings["database.url"] === undefined ? readHttpCode() : undefined
    const store = yield* Layer.build(
      StoreLive({
        databaseUrl: settings["database.url"],
        dataDir: dataDirectory,
        schema: settings["database.schema"],
        maxConnections: settings["database.max_connections"],
        isPooled: settings["database.pooler"],
      }),
    )
    const isTraced = settings["telemetry.otlp_endpoint"] !== undefined
    const { key, warnings } = found ?? (yield* newIdentity(file, reporter))
    warnings.forEach(reporter.warn)

    const shared = yield* sharedCache(settings, reporter)
    const tls = yield* certificateOf(settings, reporter)
    const publicUrl = settings["server.https_endpoint"]
    const named = settings["server.tls_fingerprint"]
    const certificate = ownCertificate(
      {
        ...(tls !== undefined && { own: tls }),
        ...(named !== undefined && { named }),
        ...(publicUrl?.startsWith("https:") === true && { publicUrl }),
      },
      publicWeb({ isAllowed: () => true, resolve: systemResolve }),
    )
    const journal = journalOf(reporter)
    const transport = settings["mesh.tls_enabled"] ? tlsTransport(key, meshListen) : plainTransport(key, meshListen)
    const place = yield* meshPlace(settings, transport, reporter)
    const activity = makeActivity(Date.now().toString(36), Date.now, place.siblings)
    const ports = Layer.mergeAll(
      place.ports,
      systemTimers,
      signerOf(key),
      strictVerifier,
      codec,
      Layer.succeed(Journal, { ...journal, report: (happening) => [journal, activity].forEach(({ report }) => report(happening)) }),
      Layer.succeed(Web, publicWeb({ isAllowed: settings["cards.allow_private"] ? () => true : isPublicAddress, resolve: systemResolve })),
      Layer.succeed(Dns, publicDns()),
      shared,
      Layer.succeed(OwnCertificate, certificate),
      isTraced ? Layer.succeed(RecordStore, tracedService("store", Context.get(store, RecordStore))) : Layer.succeedContext(store),
    )
    const node = yield* makeNode({ ...(yield* nodeSettings(settings)), search }).pipe(Effect.provide(ports))
    const service = isTraced ? tracedService("node", node.service) : node.service
    yield* Effect.addFinalizer(() => node.stop)
    const { HttpListener, layer: httpServer } = yield* Effect.promise(() => httpCode ?? readHttpCode())
    const served = yield* Layer.build(
      Layer.provide(
        httpServer(httpSettings(settings, tls)),
        Layer.mergeAll(Layer.succeed(Node, service), Layer.succeed(Activity, activity), systemHandleWitness, shared),
      ),
    )
    const http = Context.get(served, HttpListener)
    yield* place.take(node.meet)
    yield* Effect.forkScoped(node.fillIndexes)
    yield* certificate.observe
    if (publicUrl !== undefined) yield* Effect.ignore(node.service.proof)
    reporter.ready({
      version: version(),
      registryId: node.service.registryId,
      publicKey: key.publicKey,
      http: http.address,
      isHttps: tls !== undefined,
      mesh: node.address,
      dataDirectory,
      isEmbedded: settings["database.url"] === undefined,
      bootstrap: settings["mesh.bootstrap_peers"].map(({ address }) => address),
      ms: Math.round(performance.now()),
    })
    return yield* Effect.onInterrupt(Effect.never, () => Effect.sync(reporter.stopping))
  }).pipe(
    Effect.scoped,
    databaseEnding,
    Effect.catchTags({
      EmbedderFailed: ({ reason }) => Effect.fail<Ending>({ code: exitCode.usage, sentence: `search cannot be set up: ${reason}` }),
      IdentityUnusable: (error) => Effect.fail(identityEnding(error, identityFileOf(settings).isNamed)),
      ListenFailed: ({ address, reason }) =>
        Effect.fail<Ending>({ code: exitCode.unavailable, sentence: `cannot listen on ${address}: ${listeningReason(reason)}` }),
    }),
  )

/** The operator's Redis, if there is one. */
const sharedCache = (settings: Settings, { note }: Reporter) => {
  const [url, password] = [settings["cache.redis_url"], settings["cache.redis_password"]]
  if (url === undefined) return Effect.succeed(Layer.empty)
  return Effect.promise(() => import("../live/redis-cache.ts")).pipe(
    Effect.flatMap(({ redisCache }) =>
      redisCache({
        url,
        ...(password !== undefined && { password }),
        database: settings["cache.redis_db"],
        prefix: settings["cache.redis_prefix"] ?? `zns:${settings["server.name"]}:`,
        note,
      }),
    ),
    Effect.map((cache) => Layer.succeed(SharedCache, cache)),
  )
}

/** The files that the operator names, both or none. */
const certificateOf = (settings: Settings, { warn }: Reporter) =>
  Effect.gen(function* () {
    const [cert, key] = [settings["server.tls_cert"], settings["server.tls_key"]]
    if (cert === undefined && key === undefined) return undefined
    if (cert === undefined || key === undefined)
      return yield* Effect.fail<Ending>({
        code: exitCode.usage,
        sentence: "[server] tls_cert and tls_key belong together: give both, or none",
      })
    return yield* tlsFiles({ cert, key, warn }).pipe(
      Effect.catchTag("TlsFilesUnusable", ({ reason }) =>
        Effect.fail<Ending>({ code: exitCode.usage, sentence: `[server] tls_cert ${cert} and tls_key ${key} ${reason}` }),
      ),
    )
  })

const newIdentity = (file: string, reporter: Reporter) =>
  Effect.tap(makeIdentity(file), () =>
    Effect.sync(() => {
      const deployed = join(homedir(), ".zynd", "identity.json")
      if (existsSync(deployed)) reporter.note(`a new identity was made; --identity ${deployed} would adopt the one that is there`)
    }),
  )

const nodeSettings = (settings: Settings): Effect.Effect<NodeSettings> =>
  Effect.gen(function* () {
    const isXState = settings.engine === "xstate"
    const engine = isXState ? (yield* Effect.promise(() => import("../engine/xstate.ts"))).xstateEngine : compiledEngine
    const advertisedHost = settings["mesh.advertise"]
    const publicUrl = settings["server.https_endpoint"]
    return {
      ...defaultSettings,
      version: version(),
      network: settings["mesh.network"],
      dialect: settings["mesh.dialect"],
      name: settings["server.name"],
      role: settings["mesh.role"],
      onboarding: settings["onboarding.mode"],
      selection: {
        categories: new Set(settings["mesh.light_categories"]),
        developers: new Set(settings["mesh.light_developers"].map((id) => readDeveloperId(id) ?? id)),
      },
      maxPeers: settings["mesh.max_peers"],
      announcementsPerSecond: settings["gossip.max_announcements_per_second"],
      hopsMax: settings["gossip.max_hops"],
      seenWindowMs: settings["gossip.dedup_window_seconds"] * 1_000,
      dht: {
        isEnabled: settings["dht.enabled"],
        k: settings["dht.k"],
        alpha: settings["dht.alpha"],
        republishMs: settings["dht.republish_interval"] * 1_000,
        lifeMs: settings["dht.expire_after"] * 1_000,
        readPatienceMs: settings["dht.lookup_timeout_ms"],
      },
      wantedPeers: Math.min(defaultSettings.wantedPeers, settings["mesh.max_peers"]),
      bootstrap: settings["mesh.bootstrap_peers"],
      isMetLater: settings["database.shared"],
      ...(advertisedHost !== undefined && { advertisedHost }),
      ...(publicUrl !== undefined && { registryHost: new URL(publicUrl).hostname }),
      ...(settings["mesh.allow"].length > 0 && { allowed: settings["mesh.allow"] }),
      liveness: {
        isWatching: settings["heartbeat.enabled"],
        inactiveAfterMs: settings["heartbeat.inactive_threshold_seconds"] * 1_000,
        sweepPeriodMs: settings["heartbeat.sweep_interval_seconds"] * 1_000,
        skewMaxMs: settings["heartbeat.max_clock_skew_seconds"] * 1_000,
      },
      cards: { cardsMax: settings["cache.max_agent_cards"], lifetimeMs: settings["cache.agent_card_ttl_seconds"] * 1_000 },
      inspects: true,
      fillsIndexes: "behind",
      spanned: settings["telemetry.otlp_endpoint"] === undefined ? untraced : traced,
      engine,
    }
  })

const httpSettings = (settings: Settings, tls: TlsFiles | undefined): HttpSettings => {
  const publicUrl = settings["server.https_endpoint"]
  const authUrl = settings["onboarding.auth_url"]
  const webhookSecret = settings["onboarding.webhook_secret"]
  const adminToken = settings["server.admin_token"]
  return {
    ...settings["server.listen"],
    ...(tls !== undefined && { tls }),
    version: version(),
    name: settings["server.name"],
    role: settings["mesh.role"],
    ...(publicUrl !== undefined && { registryHost: new URL(publicUrl).hostname }),
    onboarding:
      settings["onboarding.mode"] === "open"
        ? { mode: "open" }
        : { mode: "restricted", ...(authUrl !== undefined && { authUrl }), ...(webhookSecret !== undefined && { webhookSecret }) },
    ...(adminToken !== undefined && { adminToken }),
    rateLimitSearch: settings["api.rate_limit_search"],
    rateLimitRegister: settings["api.rate_limit_register"],
    trustedProxies: settings["api.trusted_proxies"],
    heartbeatSilenceMs: settings["heartbeat.inactive_threshold_seconds"] * 1_000,
    corsOrigins: settings["api.cors_origins"],
    isTraced: settings["telemetry.otlp_endpoint"] !== undefined,
  }
}
