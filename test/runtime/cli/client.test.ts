import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Stream } from "effect"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ClientCommand } from "../../../src/runtime/cli/client/client-command.ts"
import { claimHandle, makeDeveloper, registerDeveloper, releaseHandle } from "../../../src/runtime/cli/client/developer.ts"
import { deregisterEntity, deriveAgent, registerEntity } from "../../../src/runtime/cli/client/entity.ts"
import { isEnding, readGiven } from "../../../src/runtime/cli/client/flags.ts"
import { createKey, deriveKeyFile, listKeys, showKey, whoami } from "../../../src/runtime/cli/client/keys.ts"
import { bindName, readFqan, rollbackName, unbindName, updateName } from "../../../src/runtime/cli/client/name.ts"
import { peers, resolve, search, status } from "../../../src/runtime/cli/client/reading.ts"
import { printable, registryAt } from "../../../src/runtime/cli/client/registry.ts"
import { deregisterMany, registerMany } from "../../../src/runtime/cli/client/trial.ts"
import { agentdns, zynd } from "../../../src/runtime/cli/commands.ts"
import { completionScript } from "../../../src/runtime/cli/completion.ts"
import { idOf, type IdKind } from "../../../src/protocol/identity/id.ts"
import type { PublicKey } from "../../../src/protocol/identity/key.ts"
import { identityVectors } from "../../support/identity-vectors.ts"
import { announced, entityOf, noon, registryOf } from "../../support/builders.ts"
import { bound, claimed, host, proven } from "../../support/words.ts"
import { takeAll, writeAll } from "../../../src/runtime/cli/database-work.ts"
import { makeMemoryStore } from "../../../src/runtime/store/memory.ts"
import { type Served, serveOn } from "../http/serving.ts"

let served: Served
const home = mkdtempSync(join(tmpdir(), "zynd-"))
beforeAll(async () => void (served = await serveOn()))
afterAll(async () => {
  rmSync(home, { recursive: true, force: true })
  await served.stop()
})

/** Runs a command's effect: its answer, or the sentence that it ends with. */
const ask = async (command: ClientCommand, argv: ReadonlyArray<string> = [], folder = home, url = served.url) => {
  const given = readGiven({ name: command.name, flags: command.flags ?? [], positions: command.positions ?? [] }, argv)
  if (isEnding(given)) return { sentence: given.sentence, code: given.code }
  const said: Array<string> = []
  const circumstances = { registry: registryAt(url), home: folder, env: {}, say: (line: string) => void said.push(line) }
  const exit = await Effect.runPromiseExit(
    Effect.flip(Effect.asVoid(command.run(given, circumstances).pipe(Effect.tap((answer) => Effect.sync(() => (last = answer)))))),
  )
  return Exit.isSuccess(exit) ? exit.value : last
}
let last: { readonly json: unknown; readonly text: string } | undefined

const agentOf = (publicKey: string, kind: IdKind = "agent") => idOf(kind, publicKey as PublicKey)

describe("a developer with an agent", () => {
  it("makes a key once, registers, and is shown who it is", async () => {
    expect(await ask(whoami)).toMatchObject({ code: 64, sentence: expect.stringContaining("there is no developer's key") })
    const made = await ask(makeDeveloper("init"))
    const file = join(home, "developer.json")
    expect(made).toMatchObject({ json: { file } })
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600)
    const before = readFileSync(file, "utf8")
    expect(await ask(makeDeveloper("init"))).toMatchObject({ code: 73, sentence: expect.stringContaining("never overwritten") })
    expect(readFileSync(file, "utf8")).toBe(before)
    expect(await ask(registerDeveloper, ["--name", "R&D <bot>"])).toMatchObject({
      text: expect.stringMatching(/^zns:dev:[0-9a-f]{32} is registered$/),
    })
    expect(await ask(registerDeveloper, ["--name", "R&D <bot>"])).toMatchObject({ code: 1, sentence: expect.stringContaining("(409)") })
    expect(await ask(registerDeveloper)).toMatchObject({ code: 64, sentence: "dev-register needs --name NAME" })
  })

  it("registers an agent, finds it, and ends it with its own or the developer's key", async () => {
    const register = registerEntity("register")
    expect(await ask(register, ["--name", "stock-analyzer"])).toMatchObject({ sentence: expect.stringContaining("--agent-url") })
    const flags = [
      "--name",
      "stock-analyzer",
      "--agent-url",
      "https://stocks.example.com",
      "--tags",
      "stocks,finance",
      "--summary",
      "Looks at stocks & bonds",
    ]
    const { entity_id } = ((await ask(register, flags)) as { json: { entity_id: string } }).json
    expect(await ask(register, flags)).toMatchObject({ code: 1, sentence: expect.stringContaining("(409)") })
    expect(await ask(search, ["stocks"])).toMatchObject({ text: expect.stringContaining(entity_id) })
    expect(await ask(search, ["--tags", "stocks,finance", "--max-results", "1", "--json"].slice(0, 4))).toMatchObject({
      json: { total_found: 1 },
    })
    expect(await ask(resolve, [entity_id])).toMatchObject({ text: expect.stringContaining("Looks at stocks & bonds") })
    expect(await ask(status)).toMatchObject({ json: { local_agents: 1 } })
    expect(await ask(peers)).toMatchObject({ text: expect.stringContaining("192.0.2.1:4001") })
    expect(await ask(deregisterEntity, [entity_id])).toMatchObject({ text: `${entity_id} is no longer registered` })
    expect(await ask(resolve, [entity_id])).toMatchObject({ code: 1, sentence: `nobody knows ${entity_id}` })

    await ask(deriveKeyFile, ["stocks", "--index", "0"])
    await ask(register, flags)
    const ended = await ask(deregisterEntity, ["--entity-id", entity_id, "--keypair", join(home, "agents/stocks/keypair.json")])
    expect(ended).toMatchObject({ text: `${entity_id} is no longer registered` })
  })

  it("has a name for it, with versions to go back to", async () => {
    expect(await ask(claimHandle, ["acme-corp"])).toMatchObject({ text: expect.stringContaining("zns-verification=") })
    expect(await ask(claimHandle, ["acme-corp"])).toMatchObject({ text: "acme-corp is yours" })
    const idIn = async (flags: ReadonlyArray<string>) =>
      (
        (await ask(registerEntity("agent register"), ["--name", "bot", "--agent-url", "https://bot.example.com", ...flags])) as {
          json: { entity_id: string }
        }
      ).json.entity_id
    const first = await idIn(["--agent-index", "1", "--agent-name", "stock-bot"])
    const second = await idIn(["--agent-index", "2"])
    const fqan = "registry.example/acme-corp/stock-bot"
    expect(await ask(resolve, [fqan])).toMatchObject({ json: { entity_id: first, current_version: 1 } })
    expect(await ask(updateName, [fqan, "--new-agent-id", second, "--build-hash", "abc123", "--tags", "stocks"])).toMatchObject({
      text: `${fqan} means ${second} since version 2`,
    })
    expect(await ask(rollbackName, [fqan, "--version", "1"])).toMatchObject({ text: `${fqan} means ${first} again, as version 3` })
    expect(await ask(rollbackName, [fqan, "--version", "2"])).toMatchObject({
      json: { entity_id: second, build_hash: "abc123", capability_tags: ["stocks"] },
    })
    expect(await ask(rollbackName, [fqan, "--version", "9"])).toMatchObject({
      code: 64,
      sentence: `${fqan} has no version 9; it has 4, 3, 2, 1`,
    })
    expect(await ask(search, ["--fqan", fqan])).toMatchObject({ json: { total_found: 1, results: [{ entity_id: second }] } })
    expect(await ask(search, ["--developer-handle", "acme-corp"])).toMatchObject({ json: { total_found: 2 } })
    expect(await ask(bindName, [first, "stock-canary"])).toMatchObject({ text: `registry.example/acme-corp/stock-canary means ${first}` })
    expect(await ask(unbindName, ["elsewhere.example/acme-corp/stock-bot"])).toMatchObject({ code: 64 })
    expect(await ask(unbindName, [fqan])).toMatchObject({ text: `${fqan} is given up` })
    expect(await ask(resolve, [fqan])).toMatchObject({ code: 1, sentence: expect.stringContaining("(404)") })
    expect(await ask(releaseHandle, ["acme-corp"])).toMatchObject({ text: "acme-corp is given up" })
    for (const id of [first, second]) await ask(deregisterEntity, [id])
  })

  it("tries many at once, and takes them back", async () => {
    expect(await ask(registerMany, ["--count", "5", "--concurrency", "2"])).toMatchObject({ json: { count: 5, done: 5 } })
    expect(await ask(registerMany, ["--count", "2"])).toMatchObject({ code: 1, sentence: expect.stringContaining("0 of 2") })
    expect(await ask(deregisterMany, ["--count", "5"])).toMatchObject({ json: { done: 5 } })
    expect(await ask(registerMany, ["--count", "-1"])).toMatchObject({ code: 64 })
  })
})

describe("keys", () => {
  it("are derived as the SDKs and the identity page do", async () => {
    for (const { developer, domain, index, public_key } of identityVectors.derivations) {
      const folder = mkdtempSync(join(home, "vector-"))
      const seed = Buffer.from(identityVectors.keys[developer]!.seed_hex, "hex")
      writeFileSync(join(folder, "developer.json"), JSON.stringify({ private_key: seed.toString("base64") }))
      const flags = ["--index", String(index), "--derivation", domain === "zns:agent:" ? "sdk" : "page"]
      expect(await ask(deriveAgent, flags, folder)).toMatchObject({ json: { public_key } })
      if (index > 100) continue
      expect(await ask(showKey, ["--find", agentOf(public_key)], folder)).toMatchObject({ json: { index, domain, public_key } })
    }
  })

  it("are listed, and never shown", async () => {
    await ask(createKey, ["another-one"])
    const listed = await ask(listKeys)
    expect(listed).toMatchObject({ text: expect.stringContaining("agents/another-one/keypair.json") })
    const { private_key } = JSON.parse(readFileSync(join(home, "developer.json"), "utf8")) as { private_key: string }
    expect(JSON.stringify([listed, await ask(showKey), await ask(whoami)])).not.toContain(private_key)
    expect(await ask(createKey, ["../outside"])).toMatchObject({ code: 64 })
    expect(existsSync(join(home, "../outside"))).toBe(false)
  })
})

describe("what goes wrong", () => {
  it("is one sentence: nobody there, somebody else there, a stranger's text", async () => {
    expect(await ask(status, [], home, "http://127.0.0.1:1")).toMatchObject({
      code: 69,
      sentence: expect.stringContaining("no registry answers"),
    })
    expect(await ask(status, [], home, `${served.url}/docs?`)).toMatchObject({
      code: 69,
      sentence: expect.stringContaining("not as a registry does"),
    })
    expect(printable("a\u001b[31mb\r\nc")).toBe("a [31mb c")
    expect(await ask(claimHandle, ["admin"])).toMatchObject({ code: 64, sentence: expect.stringContaining("reserved") })
    expect(await ask(resolve, ["one-word"])).toMatchObject({ code: 64 })
    expect(await ask(search, ["--min-trust", "much"])).toMatchObject({ code: 64 })
  })

  it("names the flag, and the one that was meant", async () => {
    expect(await ask(search, ["--catgory", "x"])).toMatchObject({ sentence: "there is no flag --catgory; did you mean --category?" })
    expect(await ask(search, ["--category"])).toMatchObject({ sentence: "--category needs a value: WORD" })
    expect(await ask(search, ["--federated=yes"])).toMatchObject({ sentence: "--federated takes no value" })
    expect(await ask(search, ["two", "words"])).toMatchObject({ sentence: '"words" is one word too many' })
  })

  it("never is a defect, whatever the words", () => {
    const shape = { name: "search", flags: search.flags!, positions: search.positions! }
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom("--", "-", "--json", "--category", "--tags=a,,b", "--federated", "-x", "--no-json", "--__proto__"),
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
        const given = readGiven(shape, argv)
        expect(isEnding(given) ? given.sentence.length > 0 && given.code === 64 : given.list("tags")?.includes("") !== true).toBe(true)
      }),
    )
  })
})

describe("a database", () => {
  const home = registryOf(7)
  const documents = [
    announced(home, entityOf(11, 0, { summary: "R&D <bot>" })),
    claimed(home, 11, "acme"),
    bound(home, 11, { handle: "acme", name: "bot", entityId: entityOf(11, 0).entity_id }),
    proven(home, host),
    announced(registryOf(8), entityOf(12, 0)),
  ].map(({ document }) => document)
  const written = documents.map((announcement) => JSON.stringify({ announcement })).sort()
  const nowMs = noon * 1_000

  it("is written out and read in again, by its own registry and by any other", async () => {
    for (const own of [home.registryId, undefined]) {
      const store = makeMemoryStore()
      const take = (lines: ReadonlyArray<string>) => Effect.runPromise(takeAll(store, Stream.fromIterable(lines), own, nowMs))
      expect(await take(written)).toEqual({ taken: documents.length, known: 0, refused: 0 })
      expect(await take([...written, ""])).toEqual({ taken: 0, known: documents.length, refused: 0 })
      const lines: Array<string> = []
      await Effect.runPromise(writeAll(store, (line) => Effect.sync(() => void lines.push(JSON.stringify(line)))))
      expect(lines.sort()).toEqual(written)
      const counts = await Effect.runPromise(store.counts)
      expect([counts.localEntities, counts.gossipEntities]).toEqual(own === undefined ? [0, 2] : [1, 1])
    }
  })

  it("takes nothing that nobody signed", async () => {
    const store = makeMemoryStore()
    const forged = written.map((line) => line.replace(/"timestamp":"2026/, '"timestamp":"2025'))
    const lines = [...forged, "no JSON", "[]", '{"pin":{"address":"nowhere","key":"none","since":0}}']
    expect(await Effect.runPromise(takeAll(store, Stream.fromIterable(lines), undefined, nowMs))).toEqual({
      taken: 0,
      known: 0,
      refused: lines.length,
    })
  })
})

describe("names", () => {
  it("are read with and without a host and scheme", () => {
    expect(readFqan("zns://registry.example/acme/bot")).toEqual({
      fqan: "registry.example/acme/bot",
      host: "registry.example",
      handle: "acme",
      name: "bot",
    })
    expect(readFqan("acme/bot")).toMatchObject({ host: undefined, handle: "acme", name: "bot" })
    for (const wrong of ["acme", "a/b/c/d", "acme//bot", "/acme/bot"]) expect(readFqan(wrong)).toBeUndefined()
  })
})

describe("both programs", () => {
  it("explain every command and complete its flags", async () => {
    for (const { commands, name } of [agentdns, zynd]) {
      const flags = new Map<string, ReadonlyArray<string>>()
      for (const [command, { load }] of commands) {
        const { flags: own = [], help, usage } = await load()
        expect(help().length, command).toBeGreaterThan(20)
        expect(usage).not.toContain("undefined")
        flags.set(command, own)
      }
      for (const shell of ["bash", "zsh", "fish"]) expect(completionScript(name, shell, flags)).toContain(name)
      expect(completionScript(name, "bash", flags)).toContain(`"search"*) words="--query --category`)
      expect(completionScript(name, "csh", flags)).toBeUndefined()
    }
  })
})
