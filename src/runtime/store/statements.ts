/**
 * The SQL of the record store. Each text is made once per store, so that the driver prepares it once per connection;
 * batches come in as one JSON parameter, so that a text does not depend on how many rows there are.
 *
 * Names are qualified with our schema everywhere: a pooler between us and the server may not keep a search path.
 */
import { entityColumns } from "./rows.ts"

/** A schema's name as an identifier. Names come from the operator's settings: letters, digits and underscores only. */
export const quoted = (schema: string): string => {
  if (!isSchemaName(schema)) throw new Error("a schema's name was not checked before it came here")
  return `"${schema}"`
}

export const isSchemaName = (schema: string): boolean => /^[a-z_][a-z0-9_]{0,62}$/.test(schema) && !schema.startsWith("pg_")

const slotColumns = [
  "subject",
  "origin",
  "at",
  "id",
  "kind",
  "is_tombstone",
  "registered_at",
  "home_signed",
  "received_at",
  "document",
] as const
const gossipColumns = [...entityColumns, "received_at", "tombstoned", "tombstone_at", "origin_public_key"] as const
const developerColumns = [
  "developer_id",
  "name",
  "public_key",
  "profile_url",
  "github",
  "home_registry",
  "registered_at",
  "updated_at",
  "signature",
] as const
const tombstoneColumns = ["agent_id", "home_registry", "reason", "created_at", "expires_at", "signature"] as const

const replaced = (columns: ReadonlyArray<string>, ...key: ReadonlyArray<string>): string =>
  columns
    .filter((column) => !key.includes(column))
    .map((column) => `${column} = excluded.${column}`)
    .join(", ")

/** Of two slots of one registry the one that counts has the greater of these (`protocol/records/slots.ts`, `later`). */
const standing = (slot: string): string => `(${slot}.home_signed, -${slot}.registered_at, ${slot}.at, ${slot}.is_tombstone, ${slot}.id)`

export type Statements = ReturnType<typeof statementsFor>

export const statementsFor = (schema: string) => {
  const s = quoted(schema)
  const rowsOf = (table: string, parameter: string) => `json_populate_recordset(NULL::${s}.${table}, ${parameter}::json)`
  /** Inserts the rows of `source` that pass `where`; `then` says what a conflict comes to. */
  const insertFrom = (table: string, columns: ReadonlyArray<string>, source: string, then: string, where = "TRUE") =>
    `INSERT INTO ${s}.${table} AS held (${columns.join(", ")})
     SELECT ${columns.map((column) => `r.${column}`).join(", ")} FROM ${source} AS r WHERE ${where} ${then}`
  const insert = (table: string, columns: ReadonlyArray<string>, parameter: string, then: string, where = "TRUE") =>
    insertFrom(table, columns, rowsOf(table, parameter), then, where)
  const laterSlot = `ON CONFLICT (subject, origin) DO UPDATE SET ${replaced(slotColumns, "subject", "origin")}
    WHERE ${standing("held")} < ${standing("excluded")}`

  return {
    /** $1: ids. */
    entities: `SELECT * FROM ${s}.shown_entities WHERE agent_id = ANY($1::text[])`,
    /** $1: ids. What a merge must know of entities that registered here. */
    locals: `SELECT ${entityColumns.join(", ")} FROM ${s}.agents WHERE agent_id = ANY($1::text[])`,
    /** $1: the last id of the page before, $2: rows a page. */
    localPage: `SELECT * FROM ${s}.shown_entities WHERE tier = 'local' AND agent_id > $1 ORDER BY agent_id LIMIT $2::int`,
    gossipPage: `SELECT * FROM ${s}.shown_entities WHERE tier = 'gossip' AND agent_id > $1 ORDER BY agent_id LIMIT $2::int`,
    /** $1: an id. */
    isLocal: `SELECT 1 AS found FROM ${s}.agents WHERE agent_id = $1`,
    developer: `SELECT 'local' AS tier, ${developerColumns.join(", ")} FROM ${s}.developers WHERE developer_id = $1
      UNION ALL
      SELECT 'gossip', developer_id, name, public_key, profile_url, github, home_registry, received_at, received_at, NULL
      FROM ${s}.gossip_developers WHERE developer_id = $1 AND NOT tombstoned
      ORDER BY tier DESC LIMIT 1`,
    counts: `SELECT (SELECT count(*) FROM ${s}.agents) AS local_entities,
      (SELECT count(*) FROM ${s}.gossip_entries g WHERE NOT g.tombstoned
        AND NOT EXISTS (SELECT FROM ${s}.agents a WHERE a.agent_id = g.agent_id)) AS gossip_entities,
      (SELECT count(*) FROM ${s}.developers) AS developers`,
    /** $1: subjects. */
    slots: `SELECT ${slotColumns.join(", ")} FROM ${s}.announcements WHERE subject = ANY($1::text[])`,

    /** $1, $2: subject and origin of the last one of the page before, $3: rows a page. */
    slotPage: `SELECT subject, origin, id, at::float8 AS at FROM ${s}.announcements WHERE (subject, origin) > ($1, $2) ORDER BY subject, origin LIMIT $3::int`,
    /** $1: ids of announcements. */
    documents: `SELECT document FROM ${s}.announcements WHERE id = ANY($1::text[])`,

    /** $1: a developer. Yields nothing when a developer that signed its registration is there. */
    addDeveloper: `${insert(
      "developers",
      developerColumns,
      "$1",
      `ON CONFLICT (developer_id) DO UPDATE SET ${replaced(developerColumns, "developer_id")} WHERE held.signature IS NULL`,
    )}
      RETURNING developer_id`,
    /**
     * $1: agents, $2: their developers, $3: their announcements; one statement, so one transaction. Yields the ids that
     * were registered: not those that are here already, nor those
     * of which we said something that this cannot follow.
     */
    register: `WITH said AS MATERIALIZED (SELECT * FROM ${rowsOf("announcements", "$3")}),
      agent AS (${insert(
        "agents",
        entityColumns,
        "$1",
        "ON CONFLICT DO NOTHING RETURNING agent_id, developer_id",
        `NOT EXISTS (SELECT FROM said JOIN ${s}.announcements AS had USING (subject, origin)
        WHERE subject = r.agent_id AND ${standing("had")} >= ${standing("said")})`,
      )}),
      developer AS (${insert(
        "developers",
        developerColumns,
        "$2",
        "ON CONFLICT DO NOTHING",
        "r.developer_id IN (SELECT developer_id FROM agent)",
      )}),
      slot AS (${insertFrom("announcements", slotColumns, "said", laterSlot, "r.subject IN (SELECT agent_id FROM agent)")}),
      risen AS (DELETE FROM ${s}.tombstones AS t USING said AS r, agent
        WHERE agent.agent_id = r.subject AND t.agent_id = r.subject AND t.home_registry = r.origin)
      SELECT agent_id FROM agent`,
    /** $1: an id. */
    removeAgent: `DELETE FROM ${s}.agents WHERE agent_id = $1 RETURNING agent_id`,
    /**
     * Writes what a merge came to. $1: new slots, $2: slots that are forgotten, $3: rows of what is shown now, $4: what is
     * shown no longer and since when, $5: rows of new tombstones.
     */
    writeSlots: `WITH said AS MATERIALIZED (SELECT * FROM ${rowsOf("announcements", "$1")}),
      slot AS (${insertFrom("announcements", slotColumns, "said", laterSlot)}),
      forgotten AS (DELETE FROM ${s}.announcements AS held USING ${rowsOf("announcements", "$2")} AS r
        WHERE held.subject = r.subject AND held.origin = r.origin),
      shown AS (${insert("gossip_entries", gossipColumns, "$3", `ON CONFLICT (agent_id) DO UPDATE SET ${replaced(gossipColumns, "agent_id")}`)}),
      hidden AS (UPDATE ${s}.gossip_entries AS held SET tombstoned = TRUE, tombstone_at = r.tombstone_at
        FROM ${rowsOf("gossip_entries", "$4")} AS r WHERE held.agent_id = r.agent_id),
      buried AS (${insert(
        "tombstones",
        tombstoneColumns,
        "$5",
        `ON CONFLICT (agent_id, home_registry) DO UPDATE SET ${replaced(tombstoneColumns, "agent_id", "home_registry")}`,
      )}),
      risen AS (DELETE FROM ${s}.tombstones AS held USING said AS r
        WHERE NOT r.is_tombstone AND held.agent_id = r.subject AND held.home_registry = r.origin)
      SELECT 1 AS done`,
    /** $1: our number for this schema, $2: which of its subjects, in ascending order so that two merges never wait for each other. */
    lock: `SELECT pg_advisory_xact_lock($1::int, bucket) FROM (SELECT bucket FROM unnest($2::int[]) AS bucket ORDER BY bucket) AS buckets`,

    pins: `SELECT address, key, since FROM ${s}.peer_pins`,
    /** $1: address, $2: key, $3: since. */
    pin: `INSERT INTO ${s}.peer_pins (address, key, since) VALUES ($1, $2, $3::bigint)
      ON CONFLICT (address) DO UPDATE SET key = excluded.key, since = excluded.since`,
  }
}
