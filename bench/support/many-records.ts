/**
 * A store that holds many gossiped records: one is merged as any other, and SQL makes the others like it, with names and
 * words of their own. Their signatures hold for none of them, which nobody who only reads looks at.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import type { EntityId } from "../../src/protocol/identity/id.ts"
import { makeSqlStore } from "../../src/runtime/store/sql.ts"
import { announced, entityOf, registryOf } from "../../test/support/builders.ts"

/** The id of the record with this number, 1 and up. */
export const recordId = (number: number): EntityId => `zns:${number.toString(16).padStart(32, "0")}` as EntityId

/** Records that one statement makes: some seconds' work. */
const atOnce = 20_000

/** Brings the records up to this many; makes schema and tables where there are none. */
export const fillTo = (schema: string, count: number) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const store = yield* makeSqlStore(schema)
    const record = entityOf(1, 0)
    yield* store.merge([announced(registryOf(1), record)], 0)
    const [held] = yield* sql.unsafe<{ readonly held: number }>(`SELECT count(*)::int AS held FROM "${schema}".gossip_entries`)
    const id = "'zns:' || lpad(to_hex(n), 32, '0')"
    // frequent words and rare ones, roughly as Zipf's law has them
    const word = "'word' || floor(power(random(), 3) * 20000)::int"
    const words = Array.from({ length: 12 }, () => word).join(" || ' ' || ")
    const copy = (table: string, key: string, own: Readonly<Record<string, string>>, numbers: string) =>
      Effect.gen(function* () {
        const columns = yield* sql.unsafe<{ readonly name: string }>(
          "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 AND column_default IS NULL",
          [schema, table],
        )
        const names = columns.map(({ name }) => name)
        yield* sql.unsafe(`INSERT INTO "${schema}".${table} (${names.join(", ")})
          SELECT ${names.map((name) => own[name] ?? `sample.${name}`).join(", ")}
          FROM (SELECT * FROM "${schema}".${table} WHERE ${key} = '${record.entity_id}') AS sample, ${numbers}`)
      })
    for (let from = held!.held; from < count; from += atOnce) {
      const numbers = `generate_series(${from}, ${Math.min(count, from + atOnce) - 1}) AS n`
      yield* copy("gossip_entries", "agent_id", { agent_id: id, name: `${word} || ' agent ' || n`, summary: words }, numbers)
      yield* copy("announcements", "subject", { subject: id, id: "md5(n::text)" }, numbers)
    }
    yield* sql.unsafe("ANALYZE")
    return store
  })
