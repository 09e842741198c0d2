/**
 * Version 2: the order in which announcements were written (`/v1/changes`), names that only we know, and with which unsigned
 * fields a registration that is over was made; of names also the developer's signature is shown.
 *
 * The order is (transaction, number): numbers alone are given before their transaction ends, so a reader could be past one
 * that is not there yet. Whoever reads stops before the oldest transaction that is still under way.
 */
import { quoted } from "../statements.ts"

const nameColumns = `registry_id, entity_name, developer_handle, registry_host, agent_id, developer_id, current_version, label,
  capability_tags, updated_at, signature`

export const changesAndReplays = (schema: string): ReadonlyArray<string> => {
  const s = quoted(schema)
  return [
    `ALTER TABLE ${s}.announcements
      ADD COLUMN is_private BOOLEAN NOT NULL DEFAULT FALSE,
      ADD COLUMN change_xid XID8 NOT NULL DEFAULT pg_current_xact_id(),
      ADD COLUMN change_no BIGSERIAL`,
    `CREATE OR REPLACE VIEW ${s}.shown_names AS SELECT n.* FROM (
      SELECT 'local'::text AS tier, ${nameColumns} FROM ${s}.zns_names
      UNION ALL
      SELECT 'gossip'::text AS tier, ${nameColumns} FROM ${s}.gossip_zns_names) AS n
      JOIN ${s}.handles AS h ON h.registry_id = n.registry_id AND h.handle = n.developer_handle AND h.developer_id = n.developer_id`,
    `CREATE INDEX ON ${s}.announcements (change_xid, change_no)`,
    `ALTER TABLE ${s}.agents ADD COLUMN unsigned_digest TEXT`,
    `CREATE TABLE ${s}.known_registrations (
      agent_id TEXT COLLATE "C" NOT NULL,
      signature TEXT COLLATE "C" NOT NULL,
      unsigned_digest TEXT,
      PRIMARY KEY (agent_id, signature))`,
  ]
}
