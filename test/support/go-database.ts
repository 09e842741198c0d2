/** A deployed node's database as it stands after some life (reference 5): its tables, and rows as its clients left them. */
import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import { canonical, type JsonObject } from "../../src/protocol/identity/canonical-json.ts"
import { sign } from "../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../src/protocol/identity/id.ts"
import { writeTime } from "../../src/protocol/time.ts"
import { keyOf, noon } from "./builders.ts"
import { developerOf, developerRequest, entityIdOf, entityKeyOf, nameRequest, sdkRequest } from "./clients.ts"

export const registrySeed = 0x60
const registry = keyOf(registrySeed)
export const host = "zns01.example"

const tables = {
  schema_migrations: "version TEXT PRIMARY KEY, applied_at TIMESTAMPTZ",
  developers: `developer_id TEXT PRIMARY KEY, name TEXT NOT NULL, public_key TEXT UNIQUE NOT NULL, profile_url TEXT, github TEXT, home_registry TEXT,
    schema_version TEXT DEFAULT '1.0', registered_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, signature TEXT, dev_handle TEXT,
    dev_handle_verified BOOLEAN DEFAULT FALSE, verification_method TEXT, verification_proof TEXT`,
  entities: `entity_id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT, entity_url TEXT, category TEXT, tags JSONB DEFAULT '[]', summary TEXT,
    public_key TEXT NOT NULL, home_registry TEXT, registered_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, ttl INT DEFAULT 86400, signature TEXT,
    codebase_hash TEXT DEFAULT '', schema_version TEXT DEFAULT '1.0', developer_id TEXT, entity_index INT, developer_proof JSONB,
    status TEXT DEFAULT 'active', last_heartbeat TIMESTAMPTZ, entity_type TEXT DEFAULT 'agent', service_endpoint TEXT, openapi_url TEXT,
    entity_pricing JSONB`,
  gossip_entities: "entity_id TEXT PRIMARY KEY, name TEXT, tombstoned BOOLEAN DEFAULT FALSE",
  zns_names: `fqan TEXT PRIMARY KEY, entity_name TEXT, developer_handle TEXT, registry_host TEXT, entity_id TEXT REFERENCES entities,
    developer_id TEXT, current_version TEXT, capability_tags TEXT[], registered_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, signature TEXT`,
  zns_versions: `fqan TEXT REFERENCES zns_names ON DELETE CASCADE, version TEXT, entity_id TEXT, build_hash TEXT, registered_at TIMESTAMPTZ,
    signature TEXT, PRIMARY KEY (fqan, version)`,
  tombstones: "entity_id TEXT PRIMARY KEY, reason TEXT, created_at TIMESTAMPTZ, expires_at TIMESTAMPTZ, signature TEXT",
} as const
export const tableNames = Object.keys(tables)

export const alice = developerOf(0x71)
const approved = developerOf(0x72)
export const ids = {
  alice: idOf("developer", alice.key.publicKey),
  approved: idOf("developer", approved.key.publicKey),
  proven: entityIdOf(alice, 0),
  untyped: entityIdOf(alice, 1),
  updated: entityIdOf(alice, 2),
  blanked: entityIdOf(alice, 3),
  foreign: entityIdOf(alice, 9),
  over: entityIdOf(alice, 21),
  unsigned: entityIdOf(alice, 22),
  approveds: entityIdOf(approved, 0),
}

const at = (minutes: number) => writeTime(noon + 60 * minutes)

const developerRow = (who: typeof alice, over: JsonObject = {}): JsonObject => {
  const said = developerRequest(who, { name: "R&D <Alice>" })
  return {
    ...said,
    developer_id: idOf("developer", who.key.publicKey),
    home_registry: host,
    registered_at: at(0),
    updated_at: at(1),
    ...over,
  }
}

/** As POST left it; `said` is what its entity signed. */
const entityRow = (who: typeof alice, index: number, said: JsonObject, over: JsonObject = {}): JsonObject => {
  const request = sdkRequest(who, index, said)
  return {
    ...request,
    entity_id: entityIdOf(who, index),
    entity_type: "agent",
    owner: request["developer_id"]!,
    home_registry: host,
    registered_at: at(10 + index),
    updated_at: at(20 + index),
    status: "active",
    last_heartbeat: at(30),
    ...over,
  }
}

/** A registration whose client sent no type: it signed none. */
const untyped = (): JsonObject => {
  const key = entityKeyOf(alice, 1)
  const row = entityRow(alice, 1, { name: "old agent" })
  const { category, entity_url, name, public_key, summary, tags } = row
  return { ...row, signature: sign(key, canonical({ category, entity_url, name, public_key, summary, tags })) }
}

const nameRow = (name: string, entity: string, over: JsonObject = {}): JsonObject => ({
  fqan: `${host}/alice/${name}`,
  entity_name: name,
  developer_handle: "alice",
  registry_host: host,
  entity_id: entity,
  developer_id: ids.alice,
  current_version: "",
  capability_tags: [],
  registered_at: at(40),
  updated_at: at(41),
  signature: "",
  ...over,
})

const signedName = (): JsonObject => {
  const said = { entity_id: ids.proven, version: "2.1", capability_tags: ["nlp"] }
  const { signature } = nameRequest(alice, { developer_handle: "alice", entity_name: "weather", ...said })
  return nameRow("weather", ids.proven, { current_version: "2.1", capability_tags: ["nlp"], signature: signature! })
}

const newUrl = "https://moved.example/a"

/** `recently`: when the fresh deletion was, in seconds. */
export const rowsOf = (recently: number): Readonly<Record<string, ReadonlyArray<JsonObject>>> => {
  const buried = (index: number, over: JsonObject = {}): JsonObject => {
    const entity_id = entityIdOf(alice, index)
    const created = writeTime(recently)
    return {
      entity_id,
      reason: "owner-deregistered",
      created_at: created,
      expires_at: created,
      signature: sign(registry, entity_id),
      ...over,
    }
  }
  return {
    schema_migrations: [{ version: "001_rename_agent_to_entity.sql", applied_at: at(0) }],
    developers: [
      developerRow(alice, { dev_handle: "alice", dev_handle_verified: true, verification_method: "github", verification_proof: "anybody" }),
      developerRow(approved, { name: "Approved", signature: "" }),
    ],
    entities: [
      entityRow(alice, 0, { name: "R&D <bot> é", tags: ["weather", "a&b"] }, { status: "inactive" }),
      untyped(),
      entityRow(
        alice,
        2,
        { name: "moved" },
        { entity_url: newUrl, signature: sign(entityKeyOf(alice, 2), canonical({ entity_url: newUrl })) },
      ),
      entityRow(alice, 3, { name: "blanked" }, { signature: "", summary: "by an update" }),
      entityRow(alice, 4, { name: "foreign" }, { entity_id: entityIdOf(alice, 9) }),
      entityRow(approved, 0, { name: "the approved one's" }),
    ],
    gossip_entities: [{ entity_id: entityIdOf(developerOf(0x7f), 0), name: "somebody's", tombstoned: false }],
    zns_names: [
      signedName(),
      nameRow("auto", ids.updated, { current_version: "3", signature: sdkRequest(alice, 2)["signature"]! }),
      nameRow("orphan", ids.proven, { fqan: `${host}/gone/orphan`, developer_handle: "gone" }),
    ],
    zns_versions: ["1", "2", "3"].map((version, i) => ({
      fqan: `${host}/alice/auto`,
      version,
      entity_id: ids.updated,
      build_hash: i === 0 ? "sha256:1" : "",
      registered_at: at(40 + i),
      signature: "",
    })),
    tombstones: [
      buried(20),
      buried(21, { created_at: at(0), expires_at: at(1) }),
      buried(22, { signature: sign(alice.key, entityIdOf(alice, 22)) }),
    ],
  }
}

/** Makes the tables in a schema, and fills them. */
export const makeGoDatabase = (schema: string, recently: number) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql.unsafe(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
    yield* sql.unsafe(`SET search_path TO ${schema}`)
    for (const [table, columns] of Object.entries(tables)) {
      const here = columns.replace(/REFERENCES (\w+)/g, `REFERENCES ${schema}.$1`)
      yield* sql.unsafe(`CREATE TABLE ${schema}.${table} (${here})`)
      const rows = rowsOf(recently)[table] ?? []
      yield* sql.unsafe(`INSERT INTO ${schema}.${table} SELECT * FROM json_populate_recordset(NULL::${schema}.${table}, $1::json)`, [
        JSON.stringify(rows),
      ])
    }
    yield* sql.unsafe("SET search_path TO DEFAULT")
  })

/** Everything that the schema holds, as one text. */
export const contentOf = (schema: string) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const texts: Array<string> = []
    for (const table of tableNames) {
      const rows = yield* sql.unsafe<{ readonly row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${schema}.${table} AS t ORDER BY 1`)
      texts.push(table, ...rows.map(({ row }) => row))
    }
    return texts.join("\n")
  })
