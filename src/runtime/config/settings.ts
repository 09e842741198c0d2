/**
 * Every setting of a node, once: its name (`section.key` of the file), kind, default, meaning, and all its other spellings.
 *
 * The command line, the variables, the file, `--help` and the operator's table all come from here. Sections and names are
 * the mesh page's; what deployed operators already write is read as an alias (ruled). Any setting of a section can also be
 * given as `--set section.key=value` and as the variable `AGENTDNS_SECTION_KEY`.
 */
import {
  announcementsPerSecond,
  beatSkewMaxMs,
  cardLifetimeMs,
  cardsMaxDefault,
  dhtBucketSize,
  dhtConcurrency,
  dhtReadPatienceMs,
  dhtValueLifeMs,
  gossipHopsMax,
  inactiveAfterMs,
  maxPeersDefault,
  registrationsPerMinute,
  queriedPeersMax,
  queryPatienceMs,
  searchesPerMinute,
  searchResultsDefault,
  seenWindowMs,
  sweepPeriodMs,
} from "../../protocol/limits.ts"
import type { Address } from "../../protocol/mesh/address.ts"
import * as Kind from "./kind.ts"

export interface Setting<A> {
  readonly kind: Kind.Kind<A & {}>
  readonly fallback: A
  /** One sentence for help, without a full stop. */
  readonly doc: string
  /** Its own flag, without the dashes. */
  readonly flag?: string
  /** Variables beside the one that its name makes; the first is the one to show. */
  readonly variables?: ReadonlyArray<string>
  /** Other names in a file. */
  readonly aliases?: ReadonlyArray<string>
  /** Known, so that operators' files and this page's names work, but nothing reads it: giving it is a note that says this reason. */
  readonly withoutEffect?: string
}

type Spellings = Pick<Setting<unknown>, "flag" | "variables" | "aliases">

const setting = <A extends {}>(kind: Kind.Kind<A>, fallback: NoInfer<A>, doc: string, spellings: Spellings = {}): Setting<A> => ({
  kind,
  fallback,
  doc,
  ...spellings,
})

const optional = <A extends {}>(kind: Kind.Kind<A>, doc: string, spellings: Spellings = {}): Setting<A | undefined> => ({
  kind,
  fallback: undefined,
  doc,
  ...spellings,
})

const without = <S>(reason: string, known: S): S & { readonly withoutEffect: string } => ({ ...known, withoutEffect: reason })

const count = Kind.whole(0, 1_000_000_000)
const atLeastOne = Kind.whole(1, 1_000_000_000)
const share = Kind.fraction(0, 1)
const hour = 3_600
const bloomIsMade = "the filter is made for what is held, and follows it"

export const settings = {
  config: optional(Kind.path("FILE"), "settings file (TOML)", { flag: "config" }),
  engine: setting(Kind.choice("compiled", "xstate"), "compiled", "what runs the actors; xstate is slower and can be inspected", {
    flag: "engine",
  }),
  log: setting(Kind.choice("pretty", "json"), "pretty", "what standard output is for: people, or one JSON object a line", { flag: "log" }),

  "server.data_dir": setting(Kind.path("DIR"), "./data", "where the node keeps its key and the embedded database", {
    flag: "data-dir",
    variables: ["AGENTDNS_DATA_DIR"],
    aliases: ["node.data_dir"],
  }),
  "server.identity": optional(Kind.path("FILE"), "the registry's key; without it DIR/identity.json, which is made when absent", {
    flag: "identity",
    variables: ["AGENTDNS_IDENTITY"],
  }),
  "server.listen": setting(Kind.address, { host: "0.0.0.0", port: 8080 } satisfies Address as Address, "where HTTP is served", {
    flag: "listen",
    variables: ["AGENTDNS_LISTEN"],
    aliases: ["api.listen"],
  }),
  "server.https_endpoint": optional(Kind.httpUrl, "public URL of this node; its host is the registry host of names", {
    flag: "https-endpoint",
    variables: ["AGENTDNS_HTTPS_ENDPOINT"],
    aliases: ["node.https_endpoint"],
  }),
  "server.name": setting(Kind.text(), "agentdns", "what the registry is called", { aliases: ["node.name"] }),
  "server.tls_cert": optional(Kind.path("FILE"), "certificate of the HTTP server (PEM): then it serves HTTPS; renewed files are taken up"),
  "server.tls_key": optional(Kind.path("FILE"), "private key of that certificate"),
  "server.tls_fingerprint": optional(Kind.fingerprint, "of a proxy in front of us; without it the one that is seen at the public URL"),
  "server.admin_token": optional(Kind.secret, "bearer token of the operator's requests"),

  "database.url": optional(Kind.postgresUrl, "PostgreSQL server; without it the embedded one in the data directory", {
    flag: "database-url",
    variables: ["DATABASE_URL", "AGENTDNS_POSTGRES_URL"],
    aliases: ["registry.postgres_url"],
  }),
  "database.direct_url": optional(Kind.postgresUrl, "the same server without a pooler between, for LISTEN and locks (with shared)"),
  "database.shared": setting(Kind.yesNo, false, "several processes of this registry share this database and take turns at the mesh"),
  "database.pooler": setting(Kind.yesNo, false, "behind a transaction pooler (PgBouncer) no statement is kept prepared"),
  "database.schema": setting(Kind.schemaName, "registry", "PostgreSQL schema of our tables"),
  "database.max_connections": setting(Kind.whole(2, 1_000), 20, "most connections to a PostgreSQL server at a time"),

  "cache.redis_url": optional(Kind.redisUrl, "Redis that several nodes share", {
    flag: "redis-url",
    variables: ["REDIS_URL"],
    aliases: ["redis.url"],
  }),
  "cache.redis_password": optional(Kind.secret, "password of that Redis", { aliases: ["redis.password"] }),
  "cache.redis_db": setting(Kind.whole(0, 1_000), 0, "database number in that Redis", { aliases: ["redis.db"] }),
  "cache.redis_prefix": optional(Kind.text(), "what our keys in that Redis begin with; without it zns:NAME:", {
    aliases: ["redis.prefix"],
  }),
  "cache.max_agent_cards": setting(count, cardsMaxDefault, "agent cards kept in memory"),
  "cache.agent_card_ttl_seconds": setting(count, cardLifetimeMs / 1_000, "how long an agent card is kept"),

  "mesh.listen_host": setting(Kind.host, "0.0.0.0", "where other nodes reach us: the host"),
  "mesh.listen_port": setting(Kind.whole(0, 65_535), 4001, "where other nodes reach us: the port"),
  "mesh.max_peers": setting(Kind.whole(0, 10_000), maxPeersDefault, "most peers at a time", {
    flag: "max-peers",
    variables: ["AGENTDNS_MAX_PEERS"],
  }),
  "mesh.bootstrap_peers": setting(Kind.bootstrapPeers, [], "first peers, each with its key where that is known", {
    flag: "bootstrap",
    variables: ["AGENTDNS_BOOTSTRAP"],
  }),
  "mesh.role": setting(
    Kind.choice("full", "light", "gateway", "bootnode"),
    "full",
    "what it holds: all (full), what it chose (light), nothing (gateway asks others; bootnode introduces)",
    {
      flag: "role",
      variables: ["AGENTDNS_ROLE"],
      aliases: ["node.type"],
    },
  ),
  "mesh.light_categories": setting(Kind.list("CATEGORY,…"), [], "what a light node holds: entities of these categories"),
  "mesh.light_developers": setting(Kind.list("DEVELOPER,…"), [], "and of these developers (zns:dev:…)"),
  "mesh.advertise": optional(Kind.host, "the host that others are told to dial, behind NAT or in a container"),
  "mesh.network": setting(Kind.text("NAME"), "public", "two networks of different names never mix"),
  "mesh.allow": setting(Kind.keys, [], "a private mesh: only nodes with these keys are let in (none named: everybody)"),
  "mesh.dialect": setting(Kind.choice("auto", "spec", "agentdns"), "auto", "mesh dialect: with each node its own (auto), or one alone"),
  "mesh.tls_enabled": setting(Kind.yesNo, true, "TLS between nodes; without it anybody on the way reads, deployed nodes prove no key"),

  "gossip.max_hops": setting(Kind.whole(0, gossipHopsMax), gossipHopsMax, "an announcement that made so many hops is not passed on"),
  "gossip.max_announcements_per_second": setting(atLeastOne, announcementsPerSecond, "announcements taken from one peer"),
  "gossip.dedup_window_seconds": setting(Kind.whole(1, 86_400), seenWindowMs / 1_000, "how long an announcement is remembered as seen"),

  "dht.enabled": setting(Kind.yesNo, true, "take part in the DHT"),
  "dht.k": setting(Kind.whole(1, dhtBucketSize), dhtBucketSize, "contacts of a bucket, holders of a value"),
  "dht.alpha": setting(Kind.whole(1, 20), dhtConcurrency, "questions of a lookup at a time"),
  "dht.republish_interval": setting(atLeastOne, hour, "seconds between two publications of a value"),
  "dht.expire_after": setting(
    Kind.whole(1, dhtValueLifeMs / 1_000),
    dhtValueLifeMs / 1_000,
    "seconds for which values of others are held after they were said last",
  ),
  "dht.lookup_timeout_ms": setting(atLeastOne, dhtReadPatienceMs, "how long a read waits for the DHT"),

  "search.embedding_backend": setting(Kind.choice("hash", "onnx", "http"), "hash", "what turns text into vectors"),
  "search.embedding_model": setting(Kind.text(), "bge-small-en-v1.5", "model of the onnx and http backends"),
  "search.embedding_dimensions": setting(Kind.whole(1, 100_000), 384, "length of the http backend's vectors"),
  "search.embedding_model_dir": optional(
    Kind.path("DIR"),
    "where tokenizer.json and model.onnx are, or a directory of the model's name with them",
  ),
  "search.embedding_endpoint": optional(Kind.httpUrl, "URL of the http backend (OpenAI's or Ollama's)"),
  "search.embedding_api_key": optional(Kind.secret, "bearer token of the http backend"),
  "search.onnx_runtime_path": optional(Kind.path("DIR"), "the onnxruntime-node package, where it is not installed beside the node"),
  "search.vector_index": setting(Kind.choice("exact", "usearch"), "exact", "how a model's vectors are looked up: all read, or by USearch"),
  "search.min_similarity": optional(share, "likeness that finds an entity without any of the words; 0.5 for models, never for hash"),
  "search.synonyms_file": optional(Kind.path("FILE"), "synonyms in place of the built-in ones, one rule a line: gpt => openai, chatgpt"),
  "search.use_improved_keyword": without(
    "words are always looked up by field, with stems and synonyms",
    setting(Kind.yesNo, true, "keyword search with fields, stems and synonyms"),
  ),
  "search.min_score": setting(share, 0, "results below this score are left out, where somebody searches for words"),
  "search.max_federated_peers": setting(Kind.whole(0, queriedPeersMax), queriedPeersMax, "peers asked in one federated search"),
  "search.federated_timeout_ms": setting(Kind.whole(1, queryPatienceMs), queryPatienceMs, "how long one of them is waited for"),
  "search.default_max_results": setting(atLeastOne, searchResultsDefault, "results of a search that names no number"),
  "search.ranking.method": setting(Kind.choice("weighted", "rrf"), "weighted", "how results are ordered"),
  "search.ranking.text_relevance_weight": setting(share, 0.3, "weight of the words found"),
  "search.ranking.semantic_similarity_weight": setting(share, 0.3, "weight of likeness in meaning"),
  "search.ranking.trust_weight": setting(share, 0.2, "weight of trust"),
  "search.ranking.freshness_weight": setting(share, 0.1, "weight of how new it is"),
  "search.ranking.availability_weight": setting(share, 0.1, "weight of being online"),

  "bloom.expected_tokens": without(bloomIsMade, setting(atLeastOne, 500_000, "words the filter is made for")),
  "bloom.false_positive_rate": without(bloomIsMade, setting(share, 0.01, "how often the filter may be wrong")),
  "bloom.update_interval_seconds": without(bloomIsMade, setting(atLeastOne, 300, "how often the filter is made anew")),

  "api.rate_limit_search": setting(count, searchesPerMinute, "searches a minute and address"),
  "api.rate_limit_register": setting(count, registrationsPerMinute, "registrations a minute and address"),
  "api.trusted_proxies": setting(Kind.list("ADDRESS,…"), [], "addresses whose X-Forwarded-For is believed"),
  "api.cors_origins": setting(Kind.list("ORIGIN,…"), ["*"], "origins whose pages may call us"),

  "heartbeat.enabled": setting(Kind.yesNo, true, "watch whether entities are alive"),
  "heartbeat.inactive_threshold_seconds": setting(atLeastOne, inactiveAfterMs / 1_000, "an entity silent for this long is inactive"),
  "heartbeat.sweep_interval_seconds": setting(atLeastOne, sweepPeriodMs / 1_000, "how often that is looked at"),
  "heartbeat.max_clock_skew_seconds": setting(atLeastOne, beatSkewMaxMs / 1_000, "how far an entity's clock may be off"),

  "onboarding.mode": setting(Kind.choice("open", "restricted"), "open", "who may register developers"),
  "onboarding.auth_url": optional(Kind.httpUrl, "where developers are sent when it is restricted"),
  "onboarding.webhook_secret": optional(Kind.secret, "bearer of the approving web hook"),

  "telemetry.otlp_endpoint": optional(
    Kind.httpUrl,
    "OpenTelemetry collector (OTLP over HTTP) that is sent spans; without it nothing is traced",
    {
      variables: ["OTEL_EXPORTER_OTLP_ENDPOINT"],
    },
  ),
  "telemetry.otlp_headers": optional(Kind.secret, "headers for it, such as authorization=Bearer%20x, with commas between", {
    variables: ["OTEL_EXPORTER_OTLP_HEADERS"],
  }),
  "telemetry.service_name": setting(Kind.text(), "agentdns", "what the node is called there", { variables: ["OTEL_SERVICE_NAME"] }),

  "cards.allow_private": setting(Kind.yesNo, false, "fetch cards from private, link-local and loopback addresses too"),
}

export type SettingName = keyof typeof settings

/** What was decided, by the names of the table. */
export type Settings = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer A> ? A : never
}

export const settingNames = Object.keys(settings) as ReadonlyArray<SettingName>

/** One setting without its own value's type: for code that treats all alike. */
export const settingOf = (name: SettingName): Setting<unknown> => settings[name] as Setting<unknown>

/** A flag and its variable that give two settings at once. */
export const meshListen = {
  flag: "mesh-listen",
  variable: "AGENTDNS_MESH_LISTEN",
  kind: Kind.address,
  doc: "where other nodes reach us",
  fallback: "0.0.0.0:4001",
  parts: ({ host, port }: Address) => ({ "mesh.listen_host": host, "mesh.listen_port": String(port) }),
} as const

/** Keys of deployed files that the deployed node does not read, or whose matter we settle otherwise: giving them is a note. */
export const keysWithoutMeaning: ReadonlyMap<string, string> = new Map([
  ["node.external_ip", "peers see our address themselves; behind NAT, [mesh] advertise tells it"],
  ["registry.max_local_agents", "there is no such bound"],
  ["cache.max_gossip_entries", "gossiped records are in the database"],
  ["trust.min_display_score", "results are not hidden by trust"],
  // names of the deployed documentation: its own node ignores them, too
  ["server.http_port", "[server] listen says where REST is served"],
  ["server.mesh_port", "[mesh] listen_port says it"],
  ["server.external_url", "[server] https_endpoint says it"],
  ["postgres.url", "[database] url says it"],
  ["search.embedder", "[search] embedding_backend says it"],
  ["search.onnx_model", "[search] embedding_model says it"],
  ["heartbeat.ttl_minutes", "[heartbeat] inactive_threshold_seconds says it"],
  ["metrics.enabled", "/metrics is always there"],
])

/** In a section of the file, or only a flag and a variable? */
export const isInFile = (name: SettingName): boolean => name.includes(".")

/** `AGENTDNS_SECTION_KEY`. */
export const variableOf = (name: string): string => `AGENTDNS_${name.replaceAll(".", "_").toUpperCase()}`

/** All variables that give this setting, the one to show first. */
export const variablesOf = (name: SettingName): ReadonlyArray<string> => [
  ...new Set([...(settingOf(name).variables ?? []), variableOf(name)]),
]

/** Where it stands in a file, as people write it: `[mesh] max_peers`. */
export const inFileAs = (name: string): string => {
  const dot = name.lastIndexOf(".")
  return dot < 0 ? name : `[${name.slice(0, dot)}] ${name.slice(dot + 1)}`
}
