import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Scope } from "effect"
import { parse } from "smol-toml"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { canonical, type JsonObject } from "../../src/protocol/identity/canonical-json.ts"
import { sign } from "../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../src/protocol/identity/id.ts"
import { read as readMessage } from "../../src/protocol/wire/spec-codec.ts"
import { claimHandle, makeDeveloper } from "../../src/runtime/cli/client/developer.ts"
import type { ClientCommand } from "../../src/runtime/cli/client/client-command.ts"
import { registerEntity } from "../../src/runtime/cli/client/entity.ts"
import { isEnding, readGiven } from "../../src/runtime/cli/client/flags.ts"
import { bindName, rollbackName, unbindName, updateName } from "../../src/runtime/cli/client/name.ts"
import { resolve } from "../../src/runtime/cli/client/reading.ts"
import { registryAt } from "../../src/runtime/cli/client/registry.ts"
import { agentdns, zynd } from "../../src/runtime/cli/commands.ts"
import { decide } from "../../src/runtime/config.ts"
import { developerOf, entityKeyOf, sdkRequest } from "../support/clients.ts"
import { prove } from "../../src/protocol/identity/derivation.ts"
import { servedNode, type ServedNode } from "../support/served-node.ts"
import { type Example, examples } from "./examples.ts"

const scope = Effect.runSync(Scope.make())
const home = mkdtempSync(join(tmpdir(), "pages-"))
let node: ServedNode
beforeAll(async () => void (node = await Effect.runPromise(Scope.provide(servedNode(4711), scope))))
afterAll(async () => {
  rmSync(home, { recursive: true, force: true })
  await Effect.runPromise(Scope.close(scope, Exit.void))
})

const post = async (path: string, body: JsonObject) => {
  const response = await fetch(`${node.url}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  })
  return { status: response.status, json: (await response.json()) as JsonObject }
}

/** A `curl URL` of a page, asked of the node under test. */
const curl = async ({ text }: Example) => {
  const [, address] = /^curl (https:\S+)$/.exec(text)!
  const { pathname } = new URL(address!)
  const response = await fetch(`${node.url}${pathname}`)
  return { status: response.status, json: (await response.json()) as JsonObject }
}

const commands: Readonly<Record<string, ClientCommand>> = {
  init: makeDeveloper("init"),
  "dev-claim-handle": claimHandle,
  "agent register": registerEntity("agent register"),
  "name-bind": bindName,
  "name-update": updateName,
  "name-rollback": rollbackName,
  "name-unbind": unbindName,
  resolve,
}

/** A `zynd` line of a page, after `complete` has filled in what it shortens. */
const run = async ({ text }: Example, complete: (line: string) => string = (line) => line) => {
  const [program, ...words] = complete(text.replace(/\\\n\s*/g, ""))
    .trim()
    .split(/\s+/)
  expect(program).toBe("zynd")
  const name = [words.slice(0, 2).join(" "), words[0]!].find((one) => zynd.commands.has(one))!
  const command = commands[name]!
  const given = readGiven({ name, flags: command.flags ?? [], positions: command.positions ?? [] }, words.slice(name.split(" ").length))
  if (isEnding(given)) throw new Error(given.sentence)
  const env = { ZYND_ENTITY_URL: "https://stocks.example.com" }
  return await Effect.runPromise(command.run(given, { registry: registryAt(node.url), home, env, say: () => {} }))
}

describe("the mesh page", () => {
  it("has settings files that are read without a complaint", () => {
    for (const { text } of [examples.joining, examples.ownNode]) {
      const decision = decide({ argv: [], env: {}, file: { name: "config.toml", text, content: parse(text) } })
      expect(decision).toMatchObject({ type: "decided", warnings: [] })
      expect(decision).toMatchObject({ settings: { "mesh.listen_port": 4001, "mesh.max_peers": 15 } })
    }
    const env = Object.fromEntries(examples.compose.text.split("\n").map((line) => line.split(": ") as [string, string]))
    const file = { name: "/config/config.toml", text: "", content: {} }
    expect(decide({ argv: [], env, file })).toMatchObject({ type: "decided", settings: { "server.data_dir": "/data" }, warnings: [] })
  })

  it("has a heartbeat that is one of ours", () => {
    const read = readMessage(Buffer.from(examples.heartbeat.text))
    expect(read).toMatchObject({
      type: "HEARTBEAT",
      registryId: "zns01.zynd.ai",
      agentCount: 3452,
      serviceCount: 287,
      at: Date.UTC(2026, 3, 23, 12, 34, 56) / 1_000,
    })
    expect(read).toMatchObject({ peers: [{ address: { host: "zns02.example.com", port: 4001 }, reputation: 0.95 }] })
  })

  it("has health checks that answer", async () => {
    expect(await curl(examples.info)).toMatchObject({ status: 200, json: { registry_id: node.node.registryId } })
    expect(await curl(examples.peers)).toEqual({ status: 200, json: { peers: [] } })
  })
})

describe("the registry page", () => {
  it("has a proof whose members are ours", async () => {
    const answer = await fetch(`${node.url}/.well-known/zynd-registry.json`)
    expect(Object.keys((await answer.json()) as JsonObject)).toEqual(
      expect.arrayContaining(Object.keys(JSON.parse(examples.proof.text) as JsonObject)),
    )
  })
})

describe("the identity page", () => {
  it("has a registration that is accepted once it is filled in", async () => {
    const printed = JSON.parse(examples.registration.text) as JsonObject
    const developer = developerOf(71)
    const entity = entityKeyOf(developer, 0)
    const proof = prove(developer.key, entity.publicKey, 0)
    const request: JsonObject = {
      name: printed["name"]!,
      category: "finance",
      entity_url: "https://stocks.example.com",
      public_key: entity.publicKey,
      developer_id: idOf("developer", developer.key.publicKey).replace("zns:", "agdns:"),
      developer_proof: {
        developer_public_key: proof.developer_public_key,
        agent_public_key: entity.publicKey,
        index: 0,
        signature: proof.developer_signature,
      },
    }
    const whole: JsonObject = { ...request, signature: sign(entity, canonical(request)) }
    expect(Object.keys(whole)).toEqual(expect.arrayContaining(Object.keys(printed)))
    expect(Object.keys(whole["developer_proof"] as JsonObject).sort()).toEqual(Object.keys(printed["developer_proof"] as JsonObject).sort())
    expect(await post("/v1/entities", whole)).toMatchObject({ status: 201, json: { entity_id: idOf("agent", entity.publicKey) } })
  })

  it("has commands that exist", () => {
    expect(agentdns.commands.has(examples.init.text.replace("agentdns ", ""))).toBe(true)
    expect(zynd.commands.has(examples.developerInit.text.replace("zynd ", ""))).toBe(true)
  })
})

describe("the naming page", () => {
  const handle = "my-startup"
  const fqan = `registry.example/${handle}/stock-analyzer`
  const here = (line: string) => line.replace("zns01.zynd.ai/acme-corp/stock-analyzer", fqan)

  it("claims a handle, registers an agent with a name, resolves it, and goes through its versions", async () => {
    expect(await curl(examples.handleAvailable)).toMatchObject({ status: 200, json: { handle, available: true } })
    await run(examples.developerInit)
    await run(examples.claimHandle)
    expect(await curl(examples.handleAvailable)).toMatchObject({ json: { available: false } })
    const registered = (await run(examples.agentRegister)).json as JsonObject
    expect(registered["fqan"]).toBe(fqan)
    const first = registered["entity_id"] as string

    const resolved = await run(examples.resolve, here)
    expect(resolved.json).toMatchObject({ agent_id: first, name: "stock-analyzer", developer: handle, current_version: 1 })
    const answer = (await (await fetch(`${node.url}/v1/resolve/${handle}/stock-analyzer`)).json()) as JsonObject
    const printed = JSON.parse(examples.resolution.text) as { readonly versions: ReadonlyArray<JsonObject> }
    for (const [member, value] of Object.entries(printed)) expect(typeof answer[member], member).toBe(typeof value)
    const version = (answer["versions"] as ReadonlyArray<JsonObject>)[0]!
    for (const [member, value] of Object.entries(printed.versions[0]!)) expect(typeof version[member], member).toBe(typeof value)

    const another = ((await run(examples.agentRegister, () => "zynd agent register --name another --agent-index 1")).json as JsonObject)[
      "entity_id"
    ] as string
    expect((await run(examples.nameUpdate, (line) => here(line).replace("zns:a1b2c3d4e5f6...", another))).json).toMatchObject({
      entity_id: another,
      current_version: 2,
    })
    expect((await run(examples.nameRollback, here)).json).toMatchObject({ entity_id: first, current_version: 3 })
    await run(examples.nameUnbind, here)
    expect((await fetch(`${node.url}/v1/resolve/${handle}/stock-analyzer`)).status).toBe(404)
    const bound = await run(examples.nameBind, (line) => line.replace("zns:8e92a6ed...", first))
    expect(bound.json).toMatchObject({ fqan })
  })

  it("has requests that are accepted once they are filled in", async () => {
    const developer = developerOf(72)
    const developerId = idOf("developer", developer.key.publicKey)
    const claimed = { developer_id: developerId, handle: "their-startup", public_key: developer.key.publicKey }
    expect(Object.keys(JSON.parse(examples.claim.text) as JsonObject)).toEqual(["handle", "proof"])
    expect(await post("/v1/handles", { ...claimed, signature: sign(developer.key, canonical(claimed)) })).toMatchObject({ status: 201 })

    const entity = sdkRequest(developer, 0, { name: "stock-analyzer" })
    await post("/v1/entities", entity)
    const entityId = idOf("agent", entityKeyOf(developer, 0).publicKey)
    const printed = JSON.parse(examples.bind.text) as JsonObject
    const text = canonical({
      capability_tags: null,
      developer_handle: claimed.handle,
      entity_id: entityId,
      entity_name: printed["agent_name"]!,
      version: "",
    })
    const request = { ...printed, developer_handle: claimed.handle, agent_id: entityId, signature: sign(developer.key, text) }
    expect(await post("/v1/names", request)).toMatchObject({
      status: 201,
      json: { fqan: `registry.example/${claimed.handle}/stock-analyzer` },
    })
  })
})

describe("each example", () => {
  it("says what was completed", () => {
    for (const [name, { completed, text }] of Object.entries<Example>(examples)) {
      const isWhole = completed.length === 0
      if (isWhole) expect(text, name).not.toMatch(/\.\.\.(?!")|<[a-z_]+>/)
    }
  })
})
