/** A developer at a registry: its key, its registration, its handle. */
import { randomBytes } from "node:crypto"
import { Effect } from "effect"
import { idOf } from "../../../protocol/identity/id.ts"
import { whyNoHandle } from "../../../protocol/records/naming.ts"
import { type ClientCommand, facts, stopWith } from "./client-command.ts"
import { developerFile, developerFlag, developerKey, keep } from "./key-files.ts"
import { asObject, at, textIn } from "./registry.ts"
import { claimRequest, developerRequest, releaseHeaders, verificationRequest } from "./requests.ts"

export const makeDeveloper = (name: string): ClientCommand => ({
  name,
  help: "Makes the developer's key that entities' keys are derived from. Keep a copy of the file: it cannot be had back.",
  flags: [developerFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const file = developerFile(given, circumstances)
    const { key } = yield* keep(file, randomBytes(32))
    const json = { developer_id: idOf("developer", key.publicKey), public_key: key.publicKey, file }
    return { json, text: facts(Object.entries(json)) }
  }),
})

export const registerDeveloper: ClientCommand = {
  name: "dev-register",
  help: "Registers the developer; with --handle it claims a handle as well.",
  flags: [
    { name: "name", takes: "NAME", doc: "what the developer is called", isRequired: true },
    { name: "handle", takes: "HANDLE", doc: "the handle to claim" },
    { name: "profile-url", takes: "URL", doc: "the developer's page" },
    { name: "github", takes: "USER", doc: "the developer's account at GitHub" },
    developerFlag,
  ],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const { registry } = circumstances
    const { key } = yield* developerKey(given, circumstances)
    const request = developerRequest(key, {
      name: given.text("name")!,
      github: given.text("github") ?? "",
      profileUrl: given.text("profile-url") ?? "",
    })
    const registered = asObject(yield* registry.call("POST", "/v1/developers", request))
    const handle = given.text("handle")
    if (handle === undefined) return { json: registered, text: `${textIn(registered, "developer_id")} is registered` }
    const home = textIn(yield* registry.call("GET", "/v1/info"), "registry_id")
    yield* registry.call("POST", "/v1/handles", claimRequest(key, handle, home, undefined))
    return { json: { ...registered, handle }, text: `${textIn(registered, "developer_id")} is registered and has the handle ${handle}` }
  }),
}

export const claimHandle: ClientCommand = {
  name: "dev-claim-handle",
  help: `Claims a handle for the developer: whoever is first has it. A verified handle shows whose it is:

  --verify-dns DOMAIN     the domain's DNS shows the token that the claim is answered with
  --verify-github USER    a gist or file of that account shows the signed claim

Run it again with the same flag once the proof is in its place.`,
  positions: [{ name: "HANDLE", isOptional: true }],
  flags: [
    { name: "handle", takes: "HANDLE", doc: "the same as the word behind the command" },
    { name: "verify-dns", takes: "DOMAIN", doc: "verifies it by a TXT record of this domain" },
    { name: "verify-github", takes: "USER", doc: "verifies it by this account" },
    developerFlag,
  ],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const { registry } = circumstances
    const handle = given.position("HANDLE") ?? given.text("handle")
    if (handle === undefined) return yield* stopWith("dev-claim-handle needs HANDLE")
    const why = whyNoHandle(handle)
    if (why !== undefined) return yield* stopWith(`"${handle}" is no handle: ${why}`)
    const { key } = yield* developerKey(given, circumstances)
    const domain = given.text("verify-dns")
    const method = domain !== undefined ? ("dns" as const) : given.has("verify-github") ? ("github" as const) : undefined

    const holder = textIn(yield* registry.find(at("v1", "handles", handle)), "developer_id")
    const isOurs = holder === idOf("developer", key.publicKey)
    const home = textIn(yield* registry.call("GET", "/v1/info"), "registry_id")
    const claimed = isOurs ? {} : asObject(yield* registry.call("POST", "/v1/handles", claimRequest(key, handle, home, domain)))
    const lines = [isOurs ? `${handle} is yours` : `${handle} is yours now`]
    const record = textIn(claimed, "dns_txt")
    if (record !== "") lines.push(`to verify it by DNS: a TXT record with ${record}`)
    if (method === undefined || (!isOurs && method === "dns")) return { json: { handle, ...claimed }, text: lines.join("\n") }

    const request = verificationRequest(key, handle, method, domain ?? given.text("verify-github")!)
    const verified = asObject(yield* registry.call("POST", `${at("v1", "handles", handle)}/verify`, request))
    return { json: { handle, ...claimed, ...verified }, text: [...lines, `${handle} is verified by ${method}`].join("\n") }
  }),
}

export const releaseHandle: ClientCommand = {
  name: "dev-release-handle",
  help: "Gives the developer's handle up, and the names under it.",
  positions: [{ name: "HANDLE" }],
  flags: [developerFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const handle = given.position("HANDLE")!
    const { key } = yield* developerKey(given, circumstances)
    const json = yield* circumstances.registry.call("DELETE", at("v1", "handles", handle), undefined, releaseHeaders(key, handle))
    return { json, text: `${handle} is given up` }
  }),
}
