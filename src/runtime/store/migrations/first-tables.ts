/**
 * Version 1: the storage page's tables with their columns and indexes; the further columns that records have today
 * (service, pricing, what was signed); and tables of our own, `announcements`, `handles`, `entity_statuses` and `peer_pins`.
 *
 * Three types differ from the page, each because a legal value does not fit the page's: `entity_index` and `ttl` are
 * BIGINT (a derivation index goes up to 2³² − 1), `current_version` is an INTEGER (versions are counted, ruled).
 */
import { quoted } from "../statements.ts"

/** Ids are compared bytewise, whatever the database's language. */
const id = `TEXT COLLATE "C"`

const recordColumns = `
  agent_id ${id} PRIMARY KEY,
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  agent_url TEXT NOT NULL,
  category TEXT NOT NULL,
  tags JSONB NOT NULL,
  summary TEXT NOT NULL,
  public_key TEXT NOT NULL,
  home_registry TEXT NOT NULL,
  registered_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  ttl BIGINT NOT NULL,
  signature TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
  last_heartbeat TIMESTAMPTZ,
  developer_id TEXT NOT NULL,
  entity_index BIGINT NOT NULL,
  developer_proof JSONB NOT NULL,
  codebase_hash TEXT,
  entity_type TEXT NOT NULL,
  service_endpoint TEXT,
  openapi_url TEXT,
  entity_pricing JSONB,
  capability_summary JSONB,
  signed TEXT,
  changes JSONB NOT NULL`

const tables = (s: string): ReadonlyArray<string> => [
  `CREATE TABLE ${s}.agents (${recordColumns})`,
  `CREATE TABLE ${s}.gossip_entries (${recordColumns},
    received_at TIMESTAMPTZ NOT NULL,
    tombstoned BOOLEAN NOT NULL DEFAULT FALSE,
    tombstone_at TIMESTAMPTZ,
    origin_public_key TEXT NOT NULL)`,
  `CREATE TABLE ${s}.developers (
    developer_id ${id} PRIMARY KEY,
    name TEXT NOT NULL,
    public_key TEXT NOT NULL UNIQUE,
    profile_url TEXT NOT NULL,
    github TEXT NOT NULL,
    home_registry TEXT NOT NULL,
    registered_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    signature TEXT,
    signed TEXT,
    changes JSONB NOT NULL,
    dev_handle TEXT,
    dev_handle_verified BOOLEAN NOT NULL DEFAULT FALSE,
    verification_method TEXT,
    verification_proof TEXT)`,
  `CREATE TABLE ${s}.gossip_developers (
    developer_id ${id} PRIMARY KEY,
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,
    profile_url TEXT NOT NULL DEFAULT '',
    github TEXT NOT NULL DEFAULT '',
    home_registry TEXT NOT NULL,
    registered_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    signature TEXT,
    signed TEXT,
    changes JSONB NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    origin_public_key TEXT NOT NULL)`,
  // Who holds which handle, at every registry; the page has columns of the developer only, and one may hold several.
  `CREATE TABLE ${s}.handles (
    registry_id ${id} NOT NULL,
    handle ${id} NOT NULL,
    developer_id ${id} NOT NULL,
    public_key TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    verification_method TEXT,
    verification_proof TEXT,
    is_local BOOLEAN NOT NULL,
    PRIMARY KEY (registry_id, handle))`,
  // What each registry says of an entity's liveness; the one whose claim is shown counts.
  `CREATE TABLE ${s}.entity_statuses (
    agent_id ${id} NOT NULL,
    home_registry ${id} NOT NULL,
    status TEXT NOT NULL,
    last_heartbeat TIMESTAMPTZ,
    PRIMARY KEY (agent_id, home_registry))`,
  `CREATE TABLE ${s}.zns_names (
    fqan TEXT NOT NULL PRIMARY KEY,
    registry_id ${id} NOT NULL,
    entity_name ${id} NOT NULL,
    developer_handle ${id} NOT NULL,
    registry_host TEXT NOT NULL,
    agent_id ${id} NOT NULL REFERENCES ${s}.agents (agent_id),
    developer_id TEXT NOT NULL,
    current_version INTEGER NOT NULL,
    label TEXT NOT NULL,
    capability_tags TEXT[] NOT NULL DEFAULT '{}',
    updated_at TIMESTAMPTZ NOT NULL,
    signature TEXT NOT NULL)`,
  `CREATE TABLE ${s}.zns_versions (
    fqan TEXT NOT NULL REFERENCES ${s}.zns_names (fqan) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    label TEXT NOT NULL,
    agent_id ${id} NOT NULL,
    capability_tags TEXT[] NOT NULL DEFAULT '{}',
    developer_id TEXT NOT NULL,
    build_hash TEXT,
    registered_at TIMESTAMPTZ NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (fqan, version))`,
  `CREATE TABLE ${s}.gossip_zns_names (
    fqan TEXT NOT NULL,
    registry_id ${id} NOT NULL,
    entity_name ${id} NOT NULL,
    developer_handle ${id} NOT NULL,
    registry_host TEXT NOT NULL,
    agent_id ${id} NOT NULL,
    developer_id TEXT NOT NULL,
    current_version INTEGER NOT NULL,
    label TEXT NOT NULL,
    capability_tags TEXT[] NOT NULL DEFAULT '{}',
    updated_at TIMESTAMPTZ NOT NULL,
    signature TEXT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    origin_public_key TEXT NOT NULL,
    PRIMARY KEY (registry_id, developer_handle, entity_name))`,
  `CREATE TABLE ${s}.tombstones (
    agent_id ${id} NOT NULL,
    home_registry ${id} NOT NULL,
    reason TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (agent_id, home_registry))`,
  `CREATE TABLE ${s}.attestations (
    agent_id ${id} NOT NULL,
    observer_registry ${id} NOT NULL,
    period TEXT NOT NULL,
    invocations BIGINT NOT NULL DEFAULT 0,
    successes BIGINT NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL DEFAULT 0,
    avg_latency_ms DOUBLE PRECISION,
    avg_rating DOUBLE PRECISION,
    signature TEXT,
    PRIMARY KEY (agent_id, observer_registry, period))`,
  `CREATE TABLE ${s}.registry_identity_proofs (
    registry_id ${id} PRIMARY KEY,
    domain TEXT,
    ed25519_public_key TEXT NOT NULL,
    tls_spki_fingerprint TEXT,
    proof_json JSONB NOT NULL,
    proof_signature TEXT NOT NULL,
    verification_tier TEXT NOT NULL DEFAULT 'self-announced',
    issued_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ,
    received_at TIMESTAMPTZ NOT NULL)`,
  `CREATE TABLE ${s}.peer_attestations (
    attester_id ${id} NOT NULL,
    subject_id ${id} NOT NULL,
    verified_layers TEXT[] NOT NULL DEFAULT '{}',
    period TIMESTAMPTZ NOT NULL,
    valid INTEGER NOT NULL,
    invalid INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    uptime INTEGER NOT NULL,
    attested_at TIMESTAMPTZ NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (attester_id, subject_id))`,
  // What every registry last said about a subject, as it signed it: what a merge ranks and what anti-entropy will exchange.
  `CREATE TABLE ${s}.announcements (
    subject ${id} NOT NULL,
    origin ${id} NOT NULL,
    at BIGINT NOT NULL,
    id ${id} NOT NULL,
    kind TEXT NOT NULL,
    is_tombstone BOOLEAN NOT NULL,
    own_word BOOLEAN NOT NULL,
    registered_at BIGINT NOT NULL,
    home_signed BOOLEAN NOT NULL,
    received_at BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (subject, origin))`,
  `CREATE TABLE ${s}.peer_pins (address TEXT PRIMARY KEY, key TEXT NOT NULL, since BIGINT NOT NULL)`,
]

/** Local records have more indexes: they are what our own lists and searches go over (storage page, "Why two tables"). */
const indexes = (s: string): ReadonlyArray<string> => [
  `CREATE INDEX ON ${s}.agents (category)`,
  `CREATE INDEX ON ${s}.agents (name)`,
  `CREATE INDEX ON ${s}.agents (owner)`,
  `CREATE INDEX ON ${s}.agents (updated_at DESC)`,
  `CREATE INDEX ON ${s}.agents USING GIN (tags)`,
  `CREATE INDEX ON ${s}.agents (developer_id)`,
  `CREATE INDEX ON ${s}.agents (status)`,
  `CREATE INDEX ON ${s}.agents (entity_type)`,
  `CREATE INDEX ON ${s}.gossip_entries (category)`,
  `CREATE INDEX ON ${s}.gossip_entries (tombstoned)`,
  `CREATE INDEX ON ${s}.gossip_entries (status)`,
  `CREATE INDEX ON ${s}.gossip_entries (entity_type)`,
  `CREATE INDEX ON ${s}.developers (name)`,
  `CREATE UNIQUE INDEX ON ${s}.developers (dev_handle, home_registry) WHERE dev_handle IS NOT NULL`,
  `CREATE INDEX ON ${s}.gossip_developers (public_key)`,
  `CREATE INDEX ON ${s}.handles (handle)`,
  `CREATE INDEX ON ${s}.handles (developer_id)`,
  `CREATE UNIQUE INDEX ON ${s}.handles (registry_id, developer_id) WHERE is_local`,
  `CREATE INDEX ON ${s}.zns_names (agent_id)`,
  `CREATE INDEX ON ${s}.zns_names (developer_handle, registry_host)`,
  `CREATE INDEX ON ${s}.zns_names USING GIN (capability_tags)`,
  `CREATE INDEX ON ${s}.gossip_zns_names (registry_host)`,
  `CREATE INDEX ON ${s}.gossip_zns_names (agent_id)`,
  `CREATE INDEX ON ${s}.gossip_zns_names (developer_handle, entity_name)`,
  `CREATE INDEX ON ${s}.registry_identity_proofs (domain)`,
  `CREATE INDEX ON ${s}.tombstones (expires_at)`,
  `CREATE INDEX ON ${s}.announcements (id)`,
  `CREATE INDEX ON ${s}.announcements (at) WHERE is_tombstone`,
  `CREATE INDEX ON ${s}.agents (last_heartbeat) WHERE status = 'active'`,
  `CREATE INDEX ON ${s}.peer_attestations (subject_id)`,
]

/** Local before gossip, nothing that is deleted: the one place that says so in SQL. */
const views = (s: string): ReadonlyArray<string> => {
  const contested = (table: string) =>
    `(SELECT count(*) > 1 FROM ${s}.announcements AS said WHERE said.subject = ${table}.agent_id AND NOT said.is_tombstone) AS contested`
  const columns = (table: string) => recordNames.map((name) => `${table}.${name}`).join(", ")
  const heard = recordNames.map((name) =>
    name === "status" ? "COALESCE(said.status, 'active') AS status" : name === "last_heartbeat" ? "said.last_heartbeat" : `g.${name}`,
  )
  return [
    `CREATE VIEW ${s}.shown_entities AS
      SELECT 'local'::text AS tier, ${contested("a")}, NULL::timestamptz AS received_at, ${columns("a")} FROM ${s}.agents AS a
      UNION ALL
      SELECT 'gossip'::text AS tier, ${contested("g")}, g.received_at, ${heard.join(", ")} FROM ${s}.gossip_entries AS g
      LEFT JOIN ${s}.entity_statuses AS said ON said.agent_id = g.agent_id AND said.home_registry = g.home_registry
      WHERE NOT g.tombstoned AND NOT EXISTS (SELECT FROM ${s}.agents AS a WHERE a.agent_id = g.agent_id)`,
    // A name counts only while its developer holds the handle at that registry.
    `CREATE VIEW ${s}.shown_names AS SELECT n.* FROM (
      SELECT 'local'::text AS tier, ${nameNames.join(", ")} FROM ${s}.zns_names
      UNION ALL
      SELECT 'gossip'::text AS tier, ${nameNames.join(", ")} FROM ${s}.gossip_zns_names) AS n
      JOIN ${s}.handles AS h ON h.registry_id = n.registry_id AND h.handle = n.developer_handle AND h.developer_id = n.developer_id`,
  ]
}

/** Version 1's own list: `rows.ts` moves on, a migration does not. */
const recordNames = [
  "agent_id",
  "entity_type",
  "name",
  "owner",
  "agent_url",
  "category",
  "tags",
  "summary",
  "public_key",
  "home_registry",
  "registered_at",
  "updated_at",
  "ttl",
  "signature",
  "status",
  "last_heartbeat",
  "developer_id",
  "entity_index",
  "developer_proof",
  "codebase_hash",
  "service_endpoint",
  "openapi_url",
  "entity_pricing",
  "capability_summary",
  "signed",
  "changes",
]

const nameNames = [
  "registry_id",
  "entity_name",
  "developer_handle",
  "registry_host",
  "agent_id",
  "developer_id",
  "current_version",
  "label",
  "capability_tags",
  "updated_at",
]

export const firstTables = (schema: string): ReadonlyArray<string> => {
  const s = quoted(schema)
  return [...tables(s), ...indexes(s), ...views(s)]
}
