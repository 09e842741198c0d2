/** Clients of the simulated nodes: developers with keys from the seed, whose requests are signed as the SDKs sign them. */
import { canonical, type JsonObject } from "../../protocol/identity/canonical-json.ts"
import { prove } from "../../protocol/identity/derivation.ts"
import type { SecretKey } from "../../protocol/identity/ed25519.ts"
import { type EntityId, idOf } from "../../protocol/identity/id.ts"
import type { Signature } from "../../protocol/identity/key.ts"
import { keySeed } from "../keys.ts"
import { deriveKey, secretKeyOf, sign } from "../signatures.ts"

/** An entity that a client can register, and delete again. */
export interface Client {
  readonly entityId: EntityId
  readonly number: number
  /** Each registration of an entity says something else. */
  readonly version: number
  /** The body of POST /v1/entities. */
  readonly registration: JsonObject
  /** Of PUT, when it is not the first version: body and Authorization header that lead to this one. */
  readonly update: { readonly body: string; readonly authorization: string } | undefined
  /** The Authorization header of DELETE. */
  readonly deletion: string
  /** Its signature over the time of a heartbeat. */
  readonly beat: (timestamp: string) => Signature
}

export const topics = ["weather", "contracts", "translation", "vision", "music", "maps", "invoices", "chess", "recipes", "security"]

/** What an entity says of itself. */
export interface About {
  readonly name: string
  readonly category: string
  readonly tags: ReadonlyArray<string>
  readonly summary: string
}

/** The client with this number; the same in every run of this seed. */
export const client = (seed: number, number: number, version = 0): Client => clientAbout(seed, number, aboutOf(number, version), version)

const aboutOf = (number: number, version: number): About => {
  const topic = topics[number % topics.length]!
  return {
    category: "tools",
    name: `${topic}-agent-${number}`,
    summary: `Answers questions about ${topic}, and about number ${number}${version === 0 ? "" : `, version ${version},`} in particular.`,
    tags: [topic, "simulated"],
  }
}

/** The client with this number, with an entity that says this. */
export const clientAbout = (seed: number, number: number, about: About, version = 0): Client => {
  const developerSeed = keySeed(seed, `developer/${number >> 4}`)
  const developer = secretKeyOf(developerSeed)
  const index = number & 15
  const key = deriveKey(developerSeed, index, "zns:agent:")
  const profile = { ...about, entity_type: "agent", entity_url: `https://agent-${number}.example.com`, public_key: key.publicKey }
  const change = JSON.stringify({ summary: profile.summary })
  const update = version === 0 ? undefined : { body: change, authorization: `Bearer ${sign(key, change)}` }
  return {
    ...ownerOf(key),
    number,
    version,
    update,
    registration: { ...profile, signature: sign(key, canonical(profile)), ...claimOf(developer, key, index) },
  }
}

/** The name under which it registered. */
export const nameOf = ({ registration }: Client): string => registration["name"] as string

const ownerOf = (key: SecretKey): Pick<Client, "entityId" | "deletion" | "beat"> => {
  const entityId = idOf("agent", key.publicKey)
  return { entityId, deletion: `Bearer ${sign(key, entityId)}`, beat: (timestamp) => sign(key, timestamp) }
}

const claimOf = (developer: SecretKey, key: SecretKey, index: number): JsonObject => ({
  developer_id: idOf("developer", developer.publicKey),
  developer_proof: { ...prove(developer, key.publicKey, index, sign) },
})
