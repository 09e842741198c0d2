/**
 * What only the embedded database has to show: it is durable when its process is killed, makes its directory whole or not
 * at all, and keeps connections on one backend apart.
 */
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { PgClient } from "@effect/sql-pg"
import { Effect, Queue } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { RecordStore, StoreFailed } from "../../../src/runtime/ports.ts"
import { schemaDefault, StoreLive } from "../../../src/runtime/store/layer.ts"
import { EmbeddedClient } from "../../../src/runtime/store/pglite.ts"
import { entityOf } from "../../support/builders.ts"

const directory = mkdtempSync(join(tmpdir(), "agentdns-embedded-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const settings = { databaseUrl: undefined, dataDir: directory, schema: schemaDefault, maxConnections: 20 }

describe("the embedded database", () => {
  it("still has what it answered for when its process is killed at once", async () => {
    // The first start is cut short too: what it leaves must not pass for a database.
    mkdirSync(join(directory, "postgres.unfinished"), { recursive: true })
    writeFileSync(join(directory, "postgres.unfinished", "PG_VERSION"), "18\n")

    const answered = await killedAfterAnswer(fileURLToPath(new URL("./killed-child.ts", import.meta.url)), directory)
    expect(answered).toBe(8)

    const found = await Effect.runPromise(
      Effect.gen(function* () {
        const store = yield* RecordStore
        const entities = yield* store.entities(Array.from({ length: answered }, (_, index) => entityOf(7, index).entity_id))
        return { counts: yield* store.counts, names: entities.map(({ record }) => record.name) }
      }).pipe(Effect.provide(StoreLive(settings))),
    )
    expect(found.names).toEqual(Array.from({ length: answered }, (_, index) => `agent 7/${index}`))
    expect(found.counts).toMatchObject({ localEntities: answered })
    expect(existsSync(join(directory, "postgres.unfinished"))).toBe(false)
  })

  it("keeps its connections apart on the one backend, and gives back what they held", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        yield* sql.unsafe("CREATE TABLE public.trial (n INT PRIMARY KEY)")
        const many = Effect.forEach(
          Array.from({ length: 40 }, (_, n) => n),
          (n) =>
            sql
              .withTransaction(
                sql
                  .unsafe("INSERT INTO public.trial VALUES ($1)", [n])
                  .pipe(Effect.andThen(n % 2 === 0 ? Effect.void : Effect.fail("undo"))),
              )
              .pipe(Effect.exit),
          { concurrency: "unbounded" },
        )
        expect((yield* many).filter(({ _tag }) => _tag === "Success")).toHaveLength(20)
        const [row] = yield* sql.unsafe<{ readonly n: bigint }>("SELECT count(*) AS n FROM public.trial WHERE n % 2 = 0")
        expect(Number(row?.n)).toBe(20)

        // An error inside a transaction does not leak into the next one's.
        yield* Effect.exit(sql.withTransaction(sql.unsafe("SELECT nonsense")))
        expect(yield* sql.unsafe("SELECT 1 AS one")).toEqual([{ one: 1 }])

        // Interrupted in the middle of a transaction: rolled back, and the others go on.
        const endless = sql.withTransaction(sql.unsafe("INSERT INTO public.trial VALUES (99)").pipe(Effect.andThen(Effect.never)))
        yield* Effect.timeoutOption(endless, "100 millis")
        expect(yield* sql.unsafe("SELECT n FROM public.trial WHERE n = 99")).toEqual([])
      }).pipe(Effect.provide(EmbeddedClient(join(directory, "postgres")))),
    ))

  it("carries notifications to whoever listens", () =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const sql = yield* PgClient.PgClient
          const heard = yield* sql.listen("trial")
          yield* sql.notify("trial", "hello")
          expect((yield* Queue.take(heard)).payload).toBe("hello")
        }),
      ).pipe(Effect.timeout("5 seconds"), Effect.provide(EmbeddedClient(join(directory, "postgres")))),
    ))

  it("does not open what is no database, and says so", async () => {
    const other = join(directory, "other")
    mkdirSync(join(other, "postgres"), { recursive: true })
    writeFileSync(join(other, "postgres", "letter.txt"), "dear reader")
    const failure = await Effect.runPromise(Effect.flip(Effect.provide(RecordStore, StoreLive({ ...settings, dataDir: other }))))
    expect(failure).toBeInstanceOf(StoreFailed)
    expect(failure.reason).toMatch(/holds files, but no database/)
    expect(existsSync(join(other, "postgres", "letter.txt"))).toBe(true)
  })
})

/** Runs a script that registers and prints how many it registered, and kills it at that very line. */
const killedAfterAnswer = (script: string, dataDir: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, dataDir], { stdio: ["ignore", "pipe", "inherit"] })
    let said = ""
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString()
      if (/registered \d+\n/.test(said)) child.kill("SIGKILL")
    })
    child.once("exit", () => {
      const match = /registered (\d+)\n/.exec(said)
      if (match === null) reject(new Error(`the child ended without an answer: ${said}`))
      else resolve(Number(match[1]))
    })
  })
