/**
 * No private key is ever in the database or in the log (identity page: "No private key ever appears in storage"): a node runs,
 * takes what developers and an approving web hook send it, and stops; then its database is dumped, as rows and as files,
 * and looked through for every key that played a part, in every spelling.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createDecipheriv } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import { afterAll, expect, it } from "vitest"
import { sha256 } from "../../../src/protocol/identity/digest.ts"
import { deriveSeed } from "../../../src/protocol/identity/derivation.ts"
import { EmbeddedClient } from "../../../src/runtime/store/pglite.ts"
import { developerOf, developerRequest, handleRequest, sdkRequest } from "../../support/clients.ts"
import { call } from "../http/serving.ts"
import { agentdns } from "./agentdns.ts"

const directory = join(mkdtempSync(join(tmpdir(), "secrets-")), "data")
afterAll(() => rmSync(join(directory, ".."), { recursive: true, force: true }))

const webhook = "whsec_0123456789abcdef"
const state = "state-of-the-login"
const alice = developerOf(1)

it("neither the database nor the log holds a private key", async () => {
  const flags = ["--data-dir", directory, "--listen", "127.0.0.1:0", "--mesh-listen", "127.0.0.1:0", "--log", "json"]
  const chosen = { "server.https_endpoint": "http://127.0.0.1", "onboarding.mode": "restricted", "onboarding.webhook_secret": webhook }
  const node = agentdns(["start", ...flags, ...Object.entries(chosen).flatMap(([name, value]) => ["--set", `${name}=${value}`])])
  const ready = await new Promise<Record<string, string>>((resolve, reject) => {
    const look = () => {
      const line = node.out.split("\n").find((each) => each.includes('"event":"ready"'))
      if (line !== undefined) resolve(JSON.parse(line) as Record<string, string>)
      else if (node.child.exitCode !== null) reject(new Error(node.err))
      else setTimeout(look, 50)
    }
    look()
  })
  const url = ready["http"]!
  const bearer = { authorization: `Bearer ${webhook}` }
  const registered = await call(`${url}/v1/developers`, { body: developerRequest(alice), headers: bearer })
  const entity = await call(`${url}/v1/entities`, { body: sdkRequest(alice, 0) })
  const handle = await call(`${url}/v1/handles`, { body: handleRequest(alice, "alice") })
  const approved = await call(`${url}/v1/admin/developers/approve`, { body: { name: "Bob", state }, headers: bearer })
  expect([registered.status, entity.status, handle.status, approved.status]).toEqual([201, 201, 201, 201])
  node.child.kill("SIGTERM")
  expect(await node.ended).toBe(0)

  const { private_key } = JSON.parse(readFileSync(join(directory, "identity.json"), "utf8")) as { readonly private_key: string }
  const seeds = [
    Buffer.from(private_key, "base64").subarray(0, 32),
    Buffer.from(decrypted(approved.json["private_key_enc"] as string, state), "base64").subarray(0, 32),
    Buffer.from(alice.seed),
    Buffer.from(deriveSeed(alice.seed, 0, "zns:agent:")),
  ]
  const rows = await dump()
  // it is the right database, and looking does find: public keys are in it
  expect(rows).toContain(alice.key.publicKey)
  expect(rows).toContain(registered.json["developer_id"])
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name !== "identity.json")
    .map((file) => readFileSync(join(file.parentPath, file.name)))
  expect(files.some((bytes) => bytes.includes(Buffer.from(alice.key.publicKey)))).toBe(true)

  for (const seed of seeds) {
    expect(seed.length).toBe(32)
    const base64 = seed.toString("base64").slice(0, 42)
    for (const spelled of [base64, seed.toString("base64url").slice(0, 42), seed.toString("hex"), seed.toString("hex").toUpperCase()]) {
      expect(rows.includes(spelled) || node.out.includes(spelled) || node.err.includes(spelled)).toBe(false)
      expect(files.some((bytes) => bytes.includes(Buffer.from(spelled)))).toBe(false)
    }
    // (of one byte, repeated, a page may be full)
    if (new Set(seed).size > 1) expect(files.some((bytes) => bytes.includes(seed))).toBe(false)
  }
  for (const secret of [webhook, approved.json["private_key_enc"] as string]) expect(rows + node.out + node.err).not.toContain(secret)
})

/** Every row of every table, as text. */
const dump = (): Promise<string> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const tables = yield* sql.unsafe<{ readonly name: string }>(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
      )
      const rows = yield* Effect.forEach(tables, ({ name }) => sql.unsafe<{ readonly row: string }>(`SELECT t::text AS row FROM ${name} t`))
      return rows.flatMap((some) => some.map(({ row }) => row)).join("\n")
    }).pipe(Effect.provide(EmbeddedClient(join(directory, "postgres"))), Effect.scoped),
  )

/** As the command line opens what the registry made for it (reference 9): AES-256-GCM under a hash of the state. */
const decrypted = (sealed: string, key: string): string => {
  const bytes = Buffer.from(sealed, "base64")
  const cipher = createDecipheriv("aes-256-gcm", sha256(key), bytes.subarray(0, 12))
  cipher.setAuthTag(bytes.subarray(-16))
  return Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]).toString("utf8")
}
