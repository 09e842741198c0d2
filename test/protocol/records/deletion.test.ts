import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { canonical } from "../../../src/protocol/identity/canonical-json.ts"
import { prove } from "../../../src/protocol/identity/derivation.ts"
import { sign, verify } from "../../../src/protocol/identity/ed25519.ts"
import { idOf, onWire } from "../../../src/protocol/identity/id.ts"
import { deletionTextCharactersMax } from "../../../src/protocol/limits.ts"
import { deletionProofHolds, readDeletion } from "../../../src/protocol/records/deletion.ts"
import { timedDeletionText } from "../../../src/protocol/records/ratchet.ts"
import { developerOf, entityKeyOf, homeOf, registeredAs, sdkRequest } from "../../support/clients.ts"

const vectors = JSON.parse(readFileSync(new URL("../../vectors/identity-vectors.json", import.meta.url), "utf8")) as {
  readonly signing: ReadonlyArray<{ readonly name: string; readonly signature: string }>
}
const recorded = (name: string) => vectors.signing.find((each) => each.name === name)!.signature

const zero = developerOf(0)
const record = registeredAs(sdkRequest(zero, 0))
const by = (authorization: string | undefined) => {
  const outcome = readDeletion(authorization, record, {}, 0, verify)
  return outcome.type === "granted" ? outcome.proof.by : outcome.code
}
const proofOf = (authorization: string) => {
  const outcome = readDeletion(authorization, record, {}, 0, verify)
  if (outcome.type !== "granted") throw new Error(outcome.message)
  return { ...outcome.proof, publicKey: record.public_key, developerProof: record.developer_proof }
}
const entityWord = `Bearer ${recorded("delete_entity_authorization")}`
const developerWord = `Bearer-Dev ${recorded("delete_entity_authorization_developer_key")}`

it("grants what the SDKs send, and plain Bearer by the developer's key", () => {
  expect(by(entityWord)).toBe("entity")
  expect(by(developerWord)).toBe("developer")
  expect(by(developerWord.replace("-Dev", ""))).toBe("developer")
  expect(by(`Bearer ${sign(entityKeyOf(zero, 0), onWire(record.entity_id))}`)).toBe("entity")
  for (const word of [entityWord, developerWord])
    expect(deletionProofHolds(proofOf(word), record.entity_id, record.home_registry, verify)).toBe(true)
})

it("refuses everybody else", () => {
  const strangers = [
    undefined,
    "",
    "Bearer",
    "Basic abc",
    `Bearer ${"x".repeat(100_000)}`,
    "Bearer ed25519:AAAA",
    entityWord.replace("Bearer", "Bearer-Dev"),
    `Bearer ${sign(entityKeyOf(zero, 1), record.entity_id)}`,
    `Bearer ${sign(entityKeyOf(zero, 0), "zns:00")}`,
    `Bearer-Dev ${sign(developerOf(3).key, record.entity_id)}`,
  ]
  for (const word of strangers) expect(by(word)).toBe("unauthorized")
})

it("with a time is about one registry only, and nothing else is such a text", () => {
  const said = { timestamp: "2026-04-10T12:34:56.789Z", registry_id: record.home_registry as string }
  const text = timedDeletionText(record.entity_id, said)!
  const proofOf = (text: string) => ({
    by: "entity" as const,
    text,
    signature: sign(entityKeyOf(zero, 0), text),
    publicKey: record.public_key,
    developerProof: record.developer_proof,
  })
  const holds = (text: string, at = record.home_registry) => deletionProofHolds(proofOf(text), record.entity_id, at, verify)
  expect(text.length).toBeLessThanOrEqual(deletionTextCharactersMax)
  expect(holds(text)).toBe(true)
  expect(holds(text, homeOf(3))).toBe(false)
  expect(holds(text.replace("T12", "t25"))).toBe(false)
  expect(holds(text.replace("{", '{"a":1,'))).toBe(false)
  expect(holds(canonical({ timestamp: said.timestamp, registry_id: said.registry_id }))).toBe(false)
  expect(holds(text.replace(record.entity_id, idOf("agent", entityKeyOf(zero, 1).publicKey)))).toBe(false)
})

it("is about one entity only", () => {
  const proof = proofOf(entityWord)
  expect(deletionProofHolds(proof, idOf("service", record.public_key), record.home_registry, verify)).toBe(false)
  expect(deletionProofHolds({ ...proof, publicKey: developerOf(3).key.publicKey }, record.entity_id, record.home_registry, verify)).toBe(
    false,
  )
  expect(deletionProofHolds({ ...proof, by: "developer" }, record.entity_id, record.home_registry, verify)).toBe(false)
  const claimed = prove(developerOf(3).key, developerOf(4).key.publicKey, 0)
  const strange = { ...proof, by: "developer" as const, developerProof: claimed, signature: sign(developerOf(3).key, record.entity_id) }
  expect(deletionProofHolds(strange, record.entity_id, record.home_registry, verify)).toBe(false)
})
