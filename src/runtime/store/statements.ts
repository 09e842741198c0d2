/**
 * The SQL of the record store. Each text is made once per store, so that the driver prepares it once per connection;
 * batches come in as one JSON parameter, so that a text does not depend on how many rows there are.
 *
 * Names are qualified with our schema everywhere: a pooler between us and the server may not keep a search path.
 */
import { versionsPerNameMax, vocabularyMax } from "../../protocol/limits.ts"
import { timeDigits } from "../../protocol/records/replay.ts"
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
  "own_word",
  "registered_at",
  "home_signed",
  "received_at",
  "document",
  "is_private",
  "precedence",
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
  "signed",
  "changes",
] as const
const tombstoneColumns = ["agent_id", "home_registry", "reason", "created_at", "expires_at", "signature"] as const

const replaced = (columns: ReadonlyArray<string>, ...key: ReadonlyArray<string>): string =>
  columns
    .filter((column) => !key.includes(column))
    .map((column) => `${column} = excluded.${column}`)
    .join(", ")

/** Of two slots of one registry the one that counts has the greater of these (`protocol/records/slots.ts`, `later`). */
const standing = (slot: string): string =>
  `(${slot}.home_signed, -${slot}.registered_at, ${slot}.at, ${slot}.is_tombstone, NOT ${slot}.own_word, ${slot}.precedence, ${slot}.id)`

/** Is a registration with this signature and mark an old one again, where `known` came before (`protocol/records/replay.ts`)? */
const again = (known: string, signature: string, mark: string): string =>
  `((${known}.signature = ${signature} AND ${known}.unsigned_digest <> ${mark})
    OR (${known}.unsigned_digest LIKE '%:%'
      AND NOT (${mark} LIKE '%:%' AND left(${mark}, ${timeDigits}) > left(${known}.unsigned_digest, ${timeDigits}))))`

const nameColumns = [
  "fqan",
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
  "signature",
] as const

/** Tables whose rows follow from single slots (`projection.ts`): their columns, and what identifies a row. */
const typedTables = {
  developers: { columns: developerColumns, key: ["developer_id"] },
  gossip_developers: { columns: [...developerColumns, "received_at", "origin_public_key"], key: ["developer_id"] },
  handles: {
    columns: ["registry_id", "handle", "developer_id", "public_key", "since", "verification_method", "verification_proof", "is_local"],
    key: ["registry_id", "handle"],
  },
  zns_names: { columns: nameColumns, key: ["fqan"] },
  zns_versions: {
    columns: ["fqan", "version", "label", "agent_id", "capability_tags", "developer_id", "build_hash", "registered_at", "signature"],
    key: ["fqan", "version"],
  },
  gossip_zns_names: {
    columns: [...nameColumns, "received_at", "origin_public_key"],
    key: ["registry_id", "developer_handle", "entity_name"],
  },
  entity_statuses: { columns: ["agent_id", "home_registry", "status", "last_heartbeat"], key: ["agent_id", "home_registry"] },
  registry_identity_proofs: {
    columns: [
      "registry_id",
      "domain",
      "ed25519_public_key",
      "tls_spki_fingerprint",
      "proof_json",
      "proof_signature",
      "verification_tier",
      "issued_at",
      "expires_at",
      "received_at",
    ],
    key: ["registry_id"],
  },
  peer_attestations: {
    columns: [
      "attester_id",
      "subject_id",
      "verified_layers",
      "period",
      "valid",
      "invalid",
      "answers",
      "uptime",
      "attested_at",
      "signature",
    ],
    key: ["attester_id", "subject_id"],
  },
} as const
export type TypedTable = keyof typeof typedTables
export const typedTableNames = Object.keys(typedTables) as ReadonlyArray<TypedTable>

/** A statement and its parameters. */
export type Filtered = readonly [text: string, ...parameters: ReadonlyArray<unknown>]

/** Each combination of filters has a text of its own: one that says "this, or nothing is given" no index could serve. */
const filtered = (table: string, by: Readonly<Record<string, string | ReadonlyArray<string> | null>>): Filtered => {
  const given = Object.entries(by).filter(([, value]) => value !== null)
  const conditions = given.map(([column, value], i) =>
    Array.isArray(value) ? `${column} = ANY($${i + 1}::text[])` : `${column} = $${i + 1}`,
  )
  return [`SELECT * FROM ${table} WHERE ${["TRUE", ...conditions].join(" AND ")}`, ...given.map(([, value]) => value)]
}

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
  const laterSlot = `ON CONFLICT (subject, origin) DO UPDATE SET ${replaced(slotColumns, "subject", "origin")}, change_xid = DEFAULT, change_no = DEFAULT
    WHERE ${standing("held")} < ${standing("excluded")}`

  return {
    /** $1: ids. */
    entities: `SELECT * FROM ${s}.shown_entities WHERE agent_id = ANY($1::text[])`,
    /** $1: ids. What a merge must know of entities that registered here. */
    locals: `SELECT ${entityColumns.join(", ")} FROM ${s}.agents WHERE agent_id = ANY($1::text[])`,
    /** $1: ids. What registries say of the status of entities. */
    statuses: `SELECT agent_id, home_registry, status, last_heartbeat FROM ${s}.entity_statuses WHERE agent_id = ANY($1::text[])`,
    /** $1: the last id of the page before, $2: ids a page. Of the view's rows no index gives a page. */
    localPage: `SELECT agent_id FROM ${s}.agents WHERE agent_id > $1 ORDER BY agent_id LIMIT $2::int`,
    gossipPage: `SELECT agent_id FROM ${s}.gossip_entries WHERE agent_id > $1 ORDER BY agent_id LIMIT $2::int`,
    /** $1: an id. */
    isLocal: `SELECT 1 AS found FROM ${s}.agents WHERE agent_id = $1`,
    /** $1: an id. The handle is the one held where the developer is registered. */
    developer: `SELECT d.*, h.handle, h.verification_method, h.verification_proof FROM (
        SELECT 'local' AS tier, ${developerColumns.join(", ")} FROM ${s}.developers WHERE developer_id = $1
        UNION ALL
        SELECT 'gossip', ${developerColumns.join(", ")} FROM ${s}.gossip_developers WHERE developer_id = $1) AS d
      LEFT JOIN ${s}.handles AS h ON h.registry_id = d.home_registry AND h.developer_id = d.developer_id
      ORDER BY d.tier DESC, h.handle LIMIT 1`,
    /** Those of a handle, of a developer, or of both. */
    handles: (handle: string | null, developer_id: string | null) => filtered(`${s}.handles`, { handle, developer_id }),
    /** $1: type, $2: category, $3: developer, $4: status, each or null; $5: rows, $6: rows before them. */
    list: `SELECT * FROM ${s}.shown_entities WHERE tier = 'local' AND agent_id = ANY(ARRAY(SELECT agent_id FROM ${s}.agents
      WHERE ($1::text IS NULL OR entity_type = $1) AND ($2::text IS NULL OR category = $2)
      AND ($3::text IS NULL OR developer_id = $3) AND ($4::text IS NULL OR status = $4)
      ORDER BY updated_at DESC, agent_id LIMIT $5::int OFFSET $6::int)) ORDER BY updated_at DESC, agent_id`,
    categories: `SELECT category AS value FROM ${s}.agents UNION SELECT category FROM ${s}.gossip_entries WHERE NOT tombstoned
      ORDER BY 1 LIMIT ${vocabularyMax}`,
    tags: `SELECT value FROM ${s}.agents, jsonb_array_elements_text(tags) AS value
      UNION SELECT value FROM ${s}.gossip_entries, jsonb_array_elements_text(tags) AS value WHERE NOT tombstoned
      ORDER BY 1 LIMIT ${vocabularyMax}`,
    /** $1: transaction, $2: number of the last one that is known; $3: rows. */
    changes: `SELECT change_xid::text || '.' || change_no AS position, document FROM ${s}.announcements
      WHERE (change_xid, change_no) > ($1::xid8, $2::bigint) AND change_xid < pg_snapshot_xmin(pg_current_snapshot()) AND NOT is_private
      ORDER BY change_xid, change_no LIMIT $3::int`,
    /** In a database that was restored elsewhere transactions count anew: what is from the future is from now. */
    rebaseChanges: `UPDATE ${s}.announcements SET change_xid = DEFAULT WHERE change_xid > pg_current_xact_id()`,
    /** What is not given does not filter. */
    names: (
      registry_id: string | null,
      developer_handle: string | null,
      entity_name: string | null,
      agent_id: ReadonlyArray<string> | null,
    ) => filtered(`${s}.shown_names`, { registry_id, developer_handle, entity_name, agent_id }),
    /** $1: handle, $2: name. */
    versions: `SELECT v.* FROM ${s}.zns_versions AS v JOIN ${s}.zns_names AS n USING (fqan)
      WHERE n.developer_handle = $1 AND n.entity_name = $2 ORDER BY v.version DESC LIMIT ${versionsPerNameMax}`,
    /** $1: a registry. */
    attestations: `SELECT * FROM ${s}.peer_attestations WHERE subject_id = $1 ORDER BY attester_id`,
    /** $1: a host. */
    registriesAt: `SELECT registry_id FROM ${s}.registry_identity_proofs WHERE domain = $1 ORDER BY registry_id`,
    counts: `SELECT (SELECT count(*) FROM ${s}.agents) AS local_entities,
      (SELECT count(*) FROM ${s}.gossip_entries g WHERE NOT g.tombstoned
        AND NOT EXISTS (SELECT FROM ${s}.agents a WHERE a.agent_id = g.agent_id)) AS gossip_entities,
      (SELECT count(*) FROM ${s}.developers) AS developers`,
    /** $1: subjects. */
    slots: `SELECT ${slotColumns.join(", ")} FROM ${s}.announcements WHERE subject = ANY($1::text[])`,

    /** $1, $2: subject and origin of the last one of the page before, $3: rows a page. */
    slotPage: `SELECT subject, origin, id, at::float8 AS at FROM ${s}.announcements WHERE (subject, origin) > ($1, $2) AND NOT is_private ORDER BY subject, origin LIMIT $3::int`,
    /** $1: ids of announcements. */
    documents: `SELECT document FROM ${s}.announcements WHERE id = ANY($1::text[]) AND NOT is_private`,

    /** $1: a developer. */
    introduce: insert("developers", developerColumns, "$1", "ON CONFLICT DO NOTHING"),
    /** $1: an entity's new record; its status and its beats stay. */
    updateAgent: `UPDATE ${s}.agents AS held SET ${entityColumns
      .filter((column) => column !== "agent_id" && column !== "status" && column !== "last_heartbeat")
      .map((column) => `${column} = r.${column}`)
      .join(", ")} FROM ${rowsOf("agents", "$1")} AS r WHERE held.agent_id = r.agent_id`,
    /** $1: rows of agents: id, status, and a later heartbeat or null. */
    setStatus: `UPDATE ${s}.agents AS held SET status = r.status, last_heartbeat = GREATEST(held.last_heartbeat, r.last_heartbeat)
      FROM ${rowsOf("agents", "$1")} AS r WHERE held.agent_id = r.agent_id`,
    /** $1: ids, $2: when each gave a sign of life. */
    beat: `UPDATE ${s}.agents AS held SET last_heartbeat = GREATEST(held.last_heartbeat, r.last_heartbeat)
      FROM ${rowsOf("agents", "$1")} AS r WHERE held.agent_id = r.agent_id RETURNING held.agent_id`,
    /** $1: a time. */
    silentSince: `SELECT * FROM ${s}.shown_entities WHERE tier = 'local' AND status = 'active' AND (last_heartbeat IS NULL OR last_heartbeat < $1::timestamptz)`,
    /** $1: rows of developers: id and handle columns. What the page's columns say of handles here. */
    markHandles: `UPDATE ${s}.developers AS held SET dev_handle = r.dev_handle, dev_handle_verified = r.dev_handle_verified,
      verification_method = r.verification_method, verification_proof = r.verification_proof
      FROM ${rowsOf("developers", "$1")} AS r WHERE held.developer_id = r.developer_id`,
    /** $1, $2: seconds before which tombstones of entities and developers, and of handles and names, have outlived their purpose. */
    expire: `DELETE FROM ${s}.announcements WHERE is_tombstone
      AND at <= CASE WHEN subject LIKE 'name:%' OR subject LIKE 'handle:%' THEN $2::bigint ELSE $1::bigint END RETURNING subject, origin`,
    /** $1: subjects and origins of what expired. */
    forgetTombstones: `DELETE FROM ${s}.tombstones AS held USING ${rowsOf("announcements", "$1")} AS r
      WHERE held.agent_id = r.subject AND held.home_registry = r.origin`,
    /** $1: the same. Rows that show nothing and that no slot is left of. */
    forgetHidden: `DELETE FROM ${s}.gossip_entries AS held USING ${rowsOf("announcements", "$1")} AS r
      WHERE held.tombstoned AND held.agent_id = r.subject AND NOT EXISTS (SELECT FROM ${s}.announcements AS a WHERE a.subject = r.subject)`,
    /** Rows of a typed table. $1: rows. */
    put: (table: TypedTable) => {
      const { columns, key } = typedTables[table]
      return insert(table, columns, "$1", `ON CONFLICT (${key.join(", ")}) DO UPDATE SET ${replaced(columns, ...key)}`)
    },
    /** $1: rows that name what goes. */
    drop: (table: TypedTable) =>
      `DELETE FROM ${s}.${table} AS held USING ${rowsOf(table, "$1")} AS r
       WHERE ${typedTables[table].key.map((column) => `held.${column} = r.${column}`).join(" AND ")}`,
    /**
     * $1: agents, $2: their developers, $3: their announcements, and introductions of developers; one statement, so one
     * transaction. Yields the ids that were registered: not those that are here already, nor those of which we said something
     * that this cannot follow, nor those whose signature came with other unsigned fields before, or that are older than one that
     * said when it was signed; and of developers those that were introduced, as nobody had said anything of them.
     * Subqueries that yield a value are not made into joins, so that each row costs a look into an index, however little the
     * planner knows of tables that grow.
     */
    register: `WITH said AS MATERIALIZED (SELECT * FROM ${rowsOf("announcements", "$3")}),
      agent AS (${insert(
        "agents",
        [...entityColumns, "unsigned_digest"],
        "$1",
        "ON CONFLICT DO NOTHING RETURNING agent_id, developer_id",
        `COALESCE((SELECT ${standing("had")} < ${standing("said")} FROM said JOIN ${s}.announcements AS had USING (subject, origin)
        WHERE said.subject = r.agent_id), TRUE)
        AND NOT COALESCE((SELECT bool_or(${again("k", "r.signature", "r.unsigned_digest")}) FROM ${s}.known_registrations AS k
        WHERE k.agent_id = r.agent_id), FALSE)`,
      )}),
      developer AS (${insert(
        "developers",
        developerColumns,
        "$2",
        "ON CONFLICT DO NOTHING",
        "r.developer_id IN (SELECT developer_id FROM agent)",
      )}),
      slot AS (${insertFrom("announcements", slotColumns, "said", laterSlot, "r.subject IN (SELECT agent_id FROM agent)")}),
      introduced AS (${insertFrom(
        "announcements",
        slotColumns,
        "said",
        "ON CONFLICT DO NOTHING RETURNING subject",
        `r.subject IN (SELECT developer_id FROM agent)
        AND COALESCE((SELECT FALSE FROM ${s}.announcements AS known WHERE known.subject = r.subject LIMIT 1), TRUE)`,
      )}),
      risen AS (DELETE FROM ${s}.tombstones WHERE agent_id = ANY(ARRAY(SELECT agent_id FROM agent))
        AND home_registry = ANY(ARRAY(SELECT DISTINCT origin FROM said)))
      SELECT agent_id AS id FROM agent UNION ALL SELECT subject FROM introduced`,
    /** $1: an id. What its registration came with is remembered. */
    removeAgent: `WITH gone AS (DELETE FROM ${s}.agents WHERE agent_id = $1 RETURNING agent_id, signature, unsigned_digest)
      INSERT INTO ${s}.known_registrations (agent_id, signature, unsigned_digest) SELECT * FROM gone ON CONFLICT DO NOTHING`,
    /** $1: an id, $2: a registration's signature, $3: its mark. */
    isReplayed: `SELECT 1 AS found FROM ${s}.known_registrations AS k WHERE k.agent_id = $1 AND ${again("k", "$2", "$3")}`,
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

    contacts: `SELECT id, host, port FROM ${s}.dht_contacts ORDER BY place`,
    /** $1: ids, $2: hosts, $3: ports. */
    remember: `WITH forgotten AS (DELETE FROM ${s}.dht_contacts)
      INSERT INTO ${s}.dht_contacts (place, id, host, port)
      SELECT place, id, host, port FROM unnest($1::text[], $2::text[], $3::int[]) WITH ORDINALITY AS known (id, host, port, place)`,

    blocks: `SELECT kind, subject, reason, since FROM ${s}.moderation_blocks ORDER BY since, subject COLLATE "C"`,
    /** $1: subject, $2: kind, $3: reason, $4: since. */
    block: `INSERT INTO ${s}.moderation_blocks (subject, kind, reason, since) VALUES ($1, $2, $3, $4::bigint)
      ON CONFLICT (subject) DO UPDATE SET kind = excluded.kind, reason = excluded.reason, since = excluded.since`,
    unblock: `DELETE FROM ${s}.moderation_blocks WHERE subject = $1 RETURNING subject`,

    pins: `SELECT address, key, since, dialect FROM ${s}.peer_pins`,
    /** $1: address, $2: key, $3: since, $4: dialect. */
    pin: `INSERT INTO ${s}.peer_pins (address, key, since, dialect) VALUES ($1, $2, $3::bigint, $4)
      ON CONFLICT (address) DO UPDATE SET key = excluded.key, since = excluded.since, dialect = excluded.dialect`,
  }
}
