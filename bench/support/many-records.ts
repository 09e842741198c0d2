/**
 * A store that holds many gossiped records: one is merged as any other, and SQL makes the others like it, with names and
 * words of their own. Their signatures hold for none of them, which nobody who only reads looks at.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import { makeSqlStore } from "../../src/runtime/store/sql.ts"
import { announced, entityOf, registryOf } from "../../test/support/builders.ts"

/** The id of the record with this number, 1 and up. */
export const idOf = (number: number): string => `zns:${number.toString(16).padStart(32, "0")}`

/** Brings the records up to this many; makes schema and tables where there are none. */
export const fillTo = (schema: string, count: number) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const store = yield* makeSqlStore(schema)
    const record = entityOf(1, 0)
    yield* store.merge([announced(registryOf(1), record)], 0)
    const [held] = yield* sql.unsafe<{ readonly held: number }>(`SELECT count(*)::int - 1 AS held FROM "${schema}".gossip_entries`)
    const numbers = `generate_series(${held!.held + 1}, ${count - 1}) AS n`
    const id = "'zns:' || lpad(to_hex(n), 32, '0')"
    // Zipf's law, roughly: a random number's square is a frequent word more often than a rare one.
    const word = "'word' || floor(power(random(), 3) * 20000)::int"
    const said = `jsonb_build_object('agent_id', ${id}, 'name', ${word} || ' agent ' || n, 'summary', ${Array.from({ length: 12 }, () => word).join(" || ' ' || ")})`
    yield* sql.unsafe(`INSERT INTO "${schema}".gossip_entries SELECT (jsonb_populate_record(g, ${said})).*
      FROM "${schema}".gossip_entries AS g, ${numbers} WHERE g.agent_id = '${record.entity_id}'`)
    const columns = ["origin", "at", "kind", "is_tombstone", "own_word", "registered_at", "home_signed", "received_at"]
    yield* sql.unsafe(`INSERT INTO "${schema}".announcements (subject, id, document, ${columns.join(", ")})
      SELECT ${id}, md5(n::text), replace(a.document, '${record.entity_id}', ${id}), ${columns.map((column) => `a.${column}`).join(", ")}
      FROM "${schema}".announcements AS a, ${numbers} WHERE a.subject = '${record.entity_id}'`)
    yield* sql.unsafe("ANALYZE")
  })
