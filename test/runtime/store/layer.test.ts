/** A database that cannot be used is told within seconds, in one sentence, without its password. */
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { inspect } from "node:util"
import { Effect, Redacted } from "effect"
import { describe, expect, it } from "vitest"
import { RecordStore, StoreFailed } from "../../../src/runtime/ports.ts"
import { StoreLive } from "../../../src/runtime/store/layer.ts"

const opening = (url: string, schema = "registry") =>
  Effect.runPromise(
    Effect.flip(Effect.provide(RecordStore, StoreLive({ databaseUrl: Redacted.make(url), dataDir: tmpdir(), schema, maxConnections: 20 }))),
  )

describe("opening a database that cannot be used", () => {
  it.for([
    ["nobody listens", "postgres://u:geheim@127.0.0.1:1/x", /nobody answers/],
    ["the host is unknown", "postgres://u:geheim@nowhere.invalid/x", /host is not known/],
    ["the URL is none", "postgres://u:ge/heim@127.0.0.1/x", /URL is none/],
    ["the URL is of another kind", "mysql://u:geheim@127.0.0.1/x", /no connection/],
    ["a piece of the password is taken for a host", "postgres://u:12/geheim@127.0.0.1:1/x", /./],
  ] as const)("%s", async ([, url, expected]) => {
    const failure = await opening(url)
    expect(failure).toBeInstanceOf(StoreFailed)
    expect(failure.reason).toMatch(expected)
    expect(`${JSON.stringify(failure)} ${String(failure)} ${inspect(failure)}`).not.toMatch(/ge\/?heim|:12/)
  })

  it("a server that accepts and then says nothing", async () => {
    const server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    const begun = process.hrtime.bigint()
    const failure = await opening(`postgres://u:geheim@127.0.0.1:${port}/x`)
    server.close()
    expect(failure.reason).toMatch(/did not answer in time/)
    expect(Number(process.hrtime.bigint() - begun) / 1e9).toBeLessThan(8)
  })

  it("a schema's name that would have to be quoted", async () => {
    for (const name of ["", "Registry", "a-b", "x; drop table agents", "pg_mine"])
      expect((await opening("postgres://u:p@127.0.0.1:1/x", name)).reason).toMatch(/cannot be a schema's name/)
  })
})
