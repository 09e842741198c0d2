/**
 * A deployed node's database, taken over: what proves itself and what does not, the source unchanged, begun again in the middle;
 * and what owners can do afterwards. On a PostgreSQL server too, beside the deployed tables, where one is given.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Exit, type Layer, ManagedRuntime, Redacted, Stream } from "effect"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { believe } from "../../src/protocol/gossip/authority.ts"
import { nameSubject } from "../../src/protocol/gossip/kinds/name.ts"
import { handleSubject } from "../../src/protocol/gossip/kinds/handle.ts"
import { sign, verify } from "../../src/protocol/identity/ed25519.ts"
import { writeTime } from "../../src/protocol/time.ts"
import { rawKey } from "../../src/protocol/identity/key.ts"
import { importing, type Wish } from "../../src/runtime/cli/import-go-work.ts"
import { takeAll, writeAll } from "../../src/runtime/cli/database-work.ts"
import { type Finding, type GoDatabase, moveOver } from "../../src/runtime/moving-over.ts"
import { type RecordStore, StoreFailed } from "../../src/runtime/ports.ts"
import { readingGo } from "../../src/runtime/store/go-database.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { EmbeddedClient } from "../../src/runtime/store/pglite.ts"
import { makeSqlStore } from "../../src/runtime/store/sql.ts"
import { noon, registryOf, seedBytes } from "../support/builders.ts"
import { entityKeyOf, handleRequest, sdkRequest } from "../support/clients.ts"
import { alice, contentOf, host, ids, makeGoDatabase, registrySeed } from "../support/go-database.ts"
import { realNode } from "../support/real-nodes.ts"

const origin = registryOf(registrySeed)
const nowMs = Date.now()
const directory = mkdtempSync(join(tmpdir(), "agentdns-go-"))
const url = process.env["AGENTDNS_TEST_POSTGRES_URL"] ?? ""
const schema = `go_${process.pid}`
const source: Layer.Layer<PgClient.PgClient, unknown> =
  url === "" ? EmbeddedClient(join(directory, "postgres")) : PgClient.layer({ url: Redacted.make(url), maxConnections: 2 })
let runtime: ManagedRuntime.ManagedRuntime<PgClient.PgClient, unknown>
beforeAll(async () => {
  runtime = ManagedRuntime.make(source)
  await runtime.runPromise(makeGoDatabase(schema, Math.floor(nowMs / 1_000) - 60))
})
afterAll(async () => {
  await runtime.runPromise(Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(`DROP SCHEMA ${schema} CASCADE`)))
  await runtime.dispose()
  rmSync(directory, { recursive: true, force: true })
})

/** Takes it over, or as much of it as `part` lets through. */
const take = (store: RecordStore["Service"], part: (source: GoDatabase) => GoDatabase = (it) => it) => {
  const findings: Array<Finding> = []
  const found = (finding: Finding) => void findings.push(finding)
  return runtime.runPromise(
    Effect.map(
      readingGo(schema, (source) => moveOver({ source: part(source), store, origin, check: verify, nowMs, found, progress: () => {} })),
      (tally) => ({ tally, findings }),
    ),
  )
}

const idsIn = (store: RecordStore["Service"]) =>
  Effect.runPromise(Effect.map(Stream.runCollect(store.everySlot), (slots) => slots.map(({ id }) => id).sort()))

const expected = {
  developer: { proven: 1, unproven: 1, known: 0, "left out": 0 },
  entity: { proven: 3, unproven: 2, known: 0, "left out": 1 },
  handle: { proven: 0, unproven: 1, known: 0, "left out": 0 },
  name: { proven: 1, unproven: 1, known: 0, "left out": 1 },
  tombstone: { proven: 1, unproven: 0, known: 0, "left out": 2 },
}

describe("a deployed node's database", () => {
  const store = makeMemoryStore()
  const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)

  it("is taken over as far as it proves itself, and every other row is told with its reason", async () => {
    const before = await runtime.runPromise(contentOf(schema))
    const { findings, tally } = await take(store)
    expect(tally).toEqual(expected)
    expect(findings.map(({ id, kind, outcome, why }) => `${outcome}: ${kind} ${id}: ${why}`).sort()).toEqual(
      [
        `left out: entity ${ids.foreign}: its id is not that of its key`,
        `left out: name ${host}/gone/orphan: nobody holds its handle here`,
        `left out: tombstone ${ids.over}: it is older than tombstones are kept`,
        `left out: tombstone ${ids.unsigned}: this registry did not sign it`,
        `unproven: developer ${ids.approved}: it never signed its profile, or an update blanked its signature`,
        `unproven: entity ${ids.blanked}: an update blanked its signature`,
        `unproven: entity ${ids.updated}: its signature does not cover what it shows: an update replaced it`,
        `unproven: handle alice: no deployed node keeps the claim's signature; that it was verified by github has to be shown again`,
        `unproven: name ${host}/alice/auto: its developer did not sign this binding: it is known here and told to nobody`,
      ].sort(),
    )
    expect(await runtime.runPromise(contentOf(schema))).toBe(before)
  })

  it("keeps ids, signatures and times", async () => {
    const proven = (await run(store.entity(ids.proven)))!
    const request = sdkRequest(alice, 0, { name: "R&D <bot> é", tags: ["weather", "a&b"] })
    expect(proven).toMatchObject({
      tier: "local",
      status: "inactive",
      lastHeartbeat: noon + 1_800,
      record: {
        name: "R&D <bot> é",
        signature: request["signature"],
        registered_at: noon + 600,
        updated_at: noon + 1_200,
        home_registry: origin.registryId,
      },
    })
    expect(await run(store.entity(ids.untyped))).toMatchObject({ tier: "local", status: "active", record: { name: "old agent" } })
    expect(await run(store.entity(ids.updated))).toMatchObject({ tier: "local", record: { entity_url: "https://moved.example/a" } })
    expect(await run(store.developer(ids.alice))).toMatchObject({ tier: "local", record: { name: "R&D <Alice>", registered_at: noon } })
    expect(await run(store.developer(ids.approved))).toMatchObject({ tier: "local", record: { name: "Approved" } })
    const names = await run(store.names({ registry: origin.registryId }))
    expect(names.map(({ label, name, tags, version }) => ({ label, name, tags, version }))).toEqual([
      { name: "auto", label: "3", tags: [], version: 3 },
      { name: "weather", label: "2.1", tags: ["nlp"], version: 1 },
    ])
    expect((await run(store.versions("alice", "auto"))).map(({ label, buildHash }) => [label, buildHash])).toEqual([
      ["3", undefined],
      ["2", undefined],
      ["1", "sha256:1"],
    ])
  })

  it("says nothing that other nodes would not take; what nobody signed they do not hear, or as our word alone", async () => {
    const documents = await run(store.documents(await idsIn(store)))
    expect(documents.length).toBe(11)
    for (const document of documents) expect(believe(document, undefined, nowMs, verify).type).toBe("verified")
    const wordOn = async (subject: string) => (await run(store.slots(subject)))[0]
    expect((await wordOn(ids.proven))!.body.kind).toBe("entity")
    expect((await wordOn(ids.updated))!.body.kind).toBe("bare-entity")
    expect((await wordOn(handleSubject(origin.registryId, "alice")))!.body).toMatchObject({ isBare: true })
    expect(documents.some((document) => JSON.stringify(document).includes("/alice/auto"))).toBe(false)
    expect((await wordOn(nameSubject(origin.registryId, "alice", "auto")))!.body).toMatchObject({ name: "auto", version: 3 })
  })

  it("is known when it is taken over again, and begun again in the middle comes to the same", async () => {
    expect((await take(store)).tally).toMatchObject({
      developer: { proven: 0, unproven: 0, known: 2 },
      entity: { known: 5, "left out": 1 },
      handle: { known: 1 },
      name: { known: 2 },
      tombstone: { known: 1 },
    })
    const again = makeMemoryStore()
    for (const rows of [1, 3]) await take(again, (all) => ({ ...all, rows: (table) => Stream.take(all.rows(table), rows) }))
    await take(again)
    expect(await idsIn(again)).toEqual(await idsIn(store))
  })

  it("goes on in the middle of a name's versions", async () => {
    const again = makeMemoryStore()
    const failing: RecordStore["Service"] = {
      ...again,
      say: (words) =>
        words.some(({ announcement: { body } }) => body.kind === "name" && body.action === "bind" && body.label === "2")
          ? new StoreFailed({ operation: "say", reason: "stopped here" })
          : again.say(words),
    }
    await expect(take(failing)).rejects.toMatchObject({ reason: "stopped here" })
    const labels = () => run(Effect.map(again.versions("alice", "auto"), (all) => all.map(({ label }) => label)))
    expect(await labels()).toEqual(["1"])
    await take(again)
    expect(await labels()).toEqual(["3", "2", "1"])
    expect(await idsIn(again)).toEqual(await idsIn(store))
  })

  it("comes back out of an export", async () => {
    const lines: Array<string> = []
    await run(Effect.orDie(writeAll(store, (line) => Effect.sync(() => void lines.push(JSON.stringify(line))), origin.registryId)))
    const back = makeMemoryStore()
    const tally = await run(Effect.orDie(takeAll(back, Stream.fromIterable(lines), origin.registryId, nowMs, origin)))
    expect(tally.refused).toBe(0)
    expect(await idsIn(back)).toEqual(await idsIn(store))
    expect(await run(back.names({ registry: origin.registryId }))).toEqual(await run(store.names({ registry: origin.registryId })))
    const labels = (it: RecordStore["Service"]) =>
      run(Effect.map(it.versions("alice", "auto"), (all) => all.map(({ label, version }) => [version, label])))
    expect(await labels(back)).toEqual(await labels(store))
    for (const id of [ids.updated, ids.blanked]) expect((await run(back.entity(id)))?.record).toMatchObject({ name: expect.any(String) })
  })

  it("is its owners': they sign anew, and go on as ever", async () => {
    const program = Effect.gen(function* () {
      const { service } = yield* realNode(registrySeed, store, { registryHost: host })
      const key = entityKeyOf(alice, 2)
      const change = JSON.stringify({ summary: "new" })
      const authorization = `Bearer ${sign(key, change)}`
      expect(yield* Effect.flip(service.updateEntity(ids.updated, change, authorization))).toMatchObject({ code: "conflict" })
      const now = writeTime(Math.floor(Date.now() / 1_000) + 2)
      expect(yield* service.beat(ids.updated, now, sign(key, now))).toMatchObject({ isCounted: true })
      yield* service.registerEntity(sdkRequest(alice, 2, { name: "moved", entity_url: "https://moved.example/a" }))
      expect((yield* store.slots(ids.updated))[0]!.body.kind).toBe("entity")
      expect((yield* service.updateEntity(ids.updated, change, authorization)).summary).toBe("new")
      expect(yield* Effect.flip(service.registerEntity(sdkRequest(alice, 2, { name: "moved" })))).toMatchObject({ code: "conflict" })

      yield* service.claimHandle(handleRequest(alice, "alice"))
      expect((yield* store.slots(handleSubject(origin.registryId, "alice")))[0]!.body).toMatchObject({ evidence: expect.anything() })
      yield* service.deregister(ids.blanked, `Bearer ${sign(entityKeyOf(alice, 3), ids.blanked)}`)
      expect(yield* Effect.flip(service.entity(ids.blanked))).toMatchObject({ code: "not_found" })
    })
    await run(Effect.scoped(program))
  })
})

describe("the source", () => {
  it("cannot be written while it is read", async () => {
    const write = readingGo(
      schema,
      () => Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(`DELETE FROM ${schema}.tombstones`)) as Effect.Effect<unknown>,
    )
    expect(Exit.isFailure(await runtime.runPromiseExit(write))).toBe(true)
  })

  it("must be a deployed node's", async () => {
    expect(await runtime.runPromise(Effect.flip(readingGo("public", () => Effect.void)))).toMatchObject({
      reason: expect.stringContaining("holds no tables of a deployed node"),
    })
    expect(await runtime.runPromise(Effect.flip(makeSqlStore(schema)))).toMatchObject({
      reason: expect.stringContaining("agentdns import-go"),
    })
  })
})

describe.runIf(url !== "")("the command, on a PostgreSQL server", () => {
  const identity = join(directory, "identity.json")
  const secret = Buffer.concat([seedBytes(registrySeed), rawKey(origin.publicKey)])
  const ours = `ours_${process.pid}`
  const wish = (dataDir: string, over: Partial<Wish> = {}): Wish => ({
    url,
    identity,
    schema,
    isEmbedded: false,
    isDry: false,
    isJson: true,
    told: { argv: ["--data-dir", join(directory, dataDir), "--set", `database.schema=${ours}`], env: {} },
    ...over,
  })
  const said: Array<string> = []
  const run = async (it: Wish) => {
    said.length = 0
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, "write").mockImplementation((text) => said.push(String(text)) > 0),
    )
    const exit = await Effect.runPromiseExit(importing(it))
    spies.forEach((spy) => spy.mockRestore())
    if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
    return (JSON.parse(said.findLast((line) => line.includes("tally"))!) as { readonly tally: unknown }).tally
  }
  const schemas = () =>
    runtime.runPromise(
      Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe("SELECT nspname FROM pg_namespace WHERE nspname = $1", [ours])),
    )
  afterAll(() => runtime.runPromise(Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(`DROP SCHEMA IF EXISTS ${ours} CASCADE`))))

  it("tries, then takes over beside the deployed tables and into the embedded store, and leaves the source as it was", async () => {
    writeFileSync(
      identity,
      JSON.stringify({ public_key: rawKey(origin.publicKey).toString("base64"), private_key: secret.toString("base64") }),
      {
        mode: 0o600,
      },
    )
    const before = await runtime.runPromise(contentOf(schema))
    expect(await run(wish("a", { isDry: true }))).toEqual(expected)
    expect([await schemas(), existsSync(join(directory, "a"))]).toEqual([[], false])

    expect(await run(wish("a"))).toEqual(expected)
    expect((await schemas()).length).toBe(1)
    expect((await run(wish("a"))) as object).toMatchObject({ entity: { proven: 0, known: 5 } })
    expect(existsSync(join(directory, "a", "identity.json"))).toBe(true)
    expect(await run(wish("b", { isEmbedded: true }))).toEqual(expected)
    expect(await runtime.runPromise(contentOf(schema))).toBe(before)
  })
})
