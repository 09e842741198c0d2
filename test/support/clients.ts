/** Clients: developers and entities that sign their requests as the deployed SDKs do (reference 1.3, 1.4). */
import { canonical, type Json, type JsonObject } from "../../src/protocol/identity/canonical-json.ts"
import { deriveKey, prove } from "../../src/protocol/identity/derivation.ts"
import { type SecretKey, secretKeyOf, sign, verify } from "../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../src/protocol/identity/id.ts"
import { type Registered, readRegistration } from "../../src/protocol/records/registration.ts"
import type { EntityRecord } from "../../src/protocol/records/entity.ts"

const domain = "zns:agent:"

export interface Developer {
  readonly seed: Uint8Array
  readonly key: SecretKey
}

/** A developer whose seed is this byte, 32 times. */
export const developerOf = (byte: number): Developer => {
  const seed = new Uint8Array(32).fill(byte)
  return { seed, key: secretKeyOf(seed) }
}

export const entityKeyOf = (developer: Developer, index: number): SecretKey => deriveKey(developer.seed, index, domain)

/** The id of that entity. */
export const entityIdOf = (developer: Developer, index: number) => idOf("agent", entityKeyOf(developer, index).publicKey)

const developerMembers = (developer: Developer, entityKey: SecretKey, index: number): JsonObject => ({
  developer_id: idOf("developer", developer.key.publicKey),
  developer_proof: { ...prove(developer.key, entityKey.publicKey, index) },
})

/** A registration as the SDKs send it: seven fields signed, the rest beside them. */
export const sdkRequest = (developer: Developer, index: number, fields: JsonObject = {}, beside: JsonObject = {}): JsonObject => {
  const key = entityKeyOf(developer, index)
  const signed: JsonObject = {
    category: "tools",
    entity_type: "agent",
    entity_url: "https://agent.example.com/a",
    name: "agent",
    summary: "",
    tags: [],
    ...fields,
    public_key: key.publicKey,
  }
  return { ...signed, signature: sign(key, canonical(signed)), ...developerMembers(developer, key, index), ...beside }
}

/** A registration whose signature covers all of it. */
export const wholeRequest = (developer: Developer, index: number, fields: JsonObject = {}): JsonObject => {
  const key = entityKeyOf(developer, index)
  const signed: JsonObject = {
    category: "tools",
    entity_url: "https://agent.example.com/a",
    name: "agent",
    ...developerMembers(developer, key, index),
    ...fields,
    public_key: key.publicKey,
  }
  return { ...signed, signature: sign(key, canonical(signed)) }
}

export const developerRequest = (developer: Developer, fields: JsonObject = {}): JsonObject => {
  const signed: JsonObject = { github: "", name: "Alice", profile_url: "", ...fields, public_key: developer.key.publicKey }
  return { ...signed, signature: sign(developer.key, canonical(signed)) }
}

export const handleRequest = (developer: Developer, handle: string, beside: JsonObject = {}): JsonObject => {
  const said = { developer_id: idOf("developer", developer.key.publicKey), handle, public_key: developer.key.publicKey, ...beside }
  return { ...said, signature: sign(developer.key, canonical(said)) }
}

/** A name of an entity, bound as the SDKs do; `signedBeside` is what it signs besides the five fields. */
export const nameRequest = (developer: Developer, said: JsonObject, signedBeside: JsonObject = {}): JsonObject => {
  const five = { capability_tags: null, developer_handle: "alice", entity_name: "weather", version: "", ...said }
  return {
    ...said,
    developer_handle: five.developer_handle,
    entity_name: five.entity_name,
    signature: sign(developer.key, canonical({ ...five, ...signedBeside })),
  }
}

export const homeOf = (byte: number) => idOf("registry", developerOf(byte).key.publicKey)

/** Registers at the registry of byte 200, at 2026-04-10T12:34:56Z. */
export const register = (body: Json) => readRegistration(body, { home: homeOf(200), nowMs: 1_775_824_496_789, check: verify })

export const registeredAs = (body: Json): EntityRecord => {
  const outcome = register(body)
  if (outcome.type !== "registered") throw new Error(`refused: ${outcome.message}`)
  return (outcome satisfies Registered).record
}
