/** Keys on this machine: `zynd keys list|create|derive|show`, and who one is. Nothing here asks a registry. */
import { randomBytes } from "node:crypto"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { deriveKey, prove } from "../../../protocol/identity/derivation.ts"
import { idOf } from "../../../protocol/identity/id.ts"
import { columns } from "../columns.ts"
import { type ClientCommand, facts, stopWith } from "./client-command.ts"
import { derivationFlag, derivedFrom, developerFlag, developerKey, domainOf, indexOf, keep, keyIn } from "./key-files.ts"

export const listKeys: ClientCommand = {
  name: "keys list",
  help: "The keys of the home: the developer's, agents' and services'.",
  run: Effect.fnUntraced(function* (_, { home }) {
    const rows: Array<{ readonly file: string; readonly id: string; readonly public_key: string }> = []
    for (const file of keyFilesIn(home)) {
      const found = yield* keyIn(join(home, file))
      if (found === undefined) continue
      const kind =
        file === "developer.json" ? "developer" : file === "identity.json" ? "registry" : file.startsWith("services") ? "service" : "agent"
      rows.push({ file, id: idOf(kind, found.key.publicKey), public_key: found.key.publicKey })
    }
    return { json: rows, text: rows.length === 0 ? `there are no keys in ${home}` : columns(rows.map(({ file, id }) => [id, file])) }
  }),
}

const keyFilesIn = (home: string): ReadonlyArray<string> => {
  const names = (folder: string) => (existsSync(join(home, folder)) ? readdirSync(join(home, folder)) : [])
  const direct = names(".").filter((name) => /^(?:developer|identity|agent-\d+)\.json$/.test(name))
  const inFolders = ["agents", "services"].flatMap((folder) => names(folder).map((name) => `${folder}/${name}/keypair.json`))
  return [...direct, ...inFolders].sort().filter((file) => existsSync(join(home, file)))
}

export const createKey: ClientCommand = {
  name: "keys create",
  help: "Makes a key that is derived from nothing: agents/NAME/keypair.json of the home.",
  positions: [{ name: "NAME" }],
  run: Effect.fnUntraced(function* (given, { home }) {
    const file = yield* fileOf(home, given.position("NAME")!)
    const { key } = yield* keep(file, randomBytes(32))
    const json = { entity_id: idOf("agent", key.publicKey), public_key: key.publicKey, file }
    return { json, text: facts(Object.entries(json)) }
  }),
}

export const deriveKeyFile: ClientCommand = {
  name: "keys derive",
  help: "Derives the key of the developer's entity with this index, with the developer's proof: agents/NAME/keypair.json.",
  positions: [{ name: "NAME" }],
  flags: [{ name: "index", takes: "N", doc: "which of the developer's entities", isRequired: true }, derivationFlag, developerFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const file = yield* fileOf(circumstances.home, given.position("NAME")!)
    const index = yield* indexOf(given.text("index")!)
    const developer = yield* developerKey(given, circumstances)
    const domain = yield* domainOf(given)
    const { derived_from, seed } = derivedFrom(developer, index, domain)
    const { developer_signature } = prove(developer.key, deriveKey(developer.seed, index, domain).publicKey, index)
    const { key } = yield* keep(file, seed, { derived_from: { ...derived_from, developer_signature } })
    const json = { entity_id: idOf("agent", key.publicKey), public_key: key.publicKey, index, file }
    return { json, text: facts(Object.entries(json)) }
  }),
}

const findMax = 10_000

export const showKey: ClientCommand = {
  name: "keys show",
  help: `Who a key is: the ids of its public half; the secret half is never printed. With --find it is looked for among the
developer's derived keys, in both derivations.`,
  positions: [{ name: "FILE", isOptional: true }],
  flags: [{ name: "find", takes: "ID", doc: `which index has this entity id, up to ${findMax}` }, developerFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const wanted = given.text("find")
    const file = given.position("FILE")
    if (wanted !== undefined) {
      const { seed } = yield* developerKey(given, circumstances)
      for (let index = 0; index < findMax; index++) {
        for (const domain of ["zns:agent:", "agdns:agent:"] as const) {
          const { publicKey } = deriveKey(seed, index, domain)
          if (idOf("agent", publicKey).slice(-32) !== wanted.slice(-32)) continue
          const json = { index, domain, public_key: publicKey }
          return { json, text: facts(Object.entries(json)) }
        }
      }
      return yield* stopWith(`none of the first ${findMax} derived keys is ${wanted}`)
    }
    const found = file === undefined ? yield* developerKey(given, circumstances) : yield* keyIn(file)
    if (found === undefined) return yield* stopWith(`there is no key at ${file}`)
    const { publicKey } = found.key
    const json = {
      public_key: publicKey,
      agent: idOf("agent", publicKey),
      service: idOf("service", publicKey),
      developer: idOf("developer", publicKey),
      registry: idOf("registry", publicKey),
    }
    return { json, text: facts(Object.entries(json)) }
  }),
}

export const whoami: ClientCommand = {
  name: "auth whoami",
  help: "The developer of this home.",
  flags: [developerFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const { key } = yield* developerKey(given, circumstances)
    const json = { developer_id: idOf("developer", key.publicKey), public_key: key.publicKey, registry: circumstances.registry.url }
    return { json, text: facts(Object.entries(json)) }
  }),
}

const fileOf = (home: string, name: string) =>
  /^[a-z0-9][a-z0-9-]{0,63}$/.test(name)
    ? Effect.succeed(join(home, "agents", name, "keypair.json"))
    : stopWith(`"${name}" cannot be a folder's name: a-z, 0-9 and -`)
