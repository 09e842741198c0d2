/** Ids, derivation, proofs and signatures equal those of the deployed software, byte by byte. */
import { describe, expect, it } from "vitest"
import { deriveKey, deriveSeed, isIndex, proofHolds, prove, provenBytes } from "../../../src/protocol/identity/derivation.ts"
import { secretKeyOf, sign, spkiOf, verify } from "../../../src/protocol/identity/ed25519.ts"
import { type Id, idOf, onWire, read } from "../../../src/protocol/identity/id.ts"
import { rawKey, readKey, readSignature } from "../../../src/protocol/identity/key.ts"
import { identityVectors as vectors } from "../../support/identity-vectors.ts"

const bytes = (hex: string): Buffer => Buffer.from(hex, "hex")
const kinds = ["agent", "service", "developer", "registry"] as const

describe("keys", () => {
  const keys = [
    ...Object.entries(vectors.keys),
    ...vectors.derivations
      .filter(({ public_key_hex }) => public_key_hex !== undefined)
      .map((one) => [`${one.developer}/${one.domain}${one.index}`, one] as const),
  ]

  it.each(keys)("of %s", (_, vector) => {
    const { publicKey } = secretKeyOf(bytes(vector.seed_hex))
    expect(publicKey).toBe(vector.public_key)
    expect(rawKey(publicKey).toString("hex")).toBe(vector.public_key_hex)
    expect(spkiOf(publicKey).toString("hex")).toBe(vector.spki_der_hex)
    expect(readKey(vector.public_key_b64)).toBe(publicKey)
    for (const kind of kinds) {
      const id: Id = idOf(kind, publicKey)
      const [ours, wires] = [vector[`${kind}_id`], vector.legacy[`${kind}_id`]]
      expect(id).toBe(ours)
      expect(onWire(id)).toBe(wires)
      expect(read(ours)).toEqual({ kind, id })
      expect(read(wires)).toEqual({ kind, id })
    }
  })
})

describe("derivation", () => {
  it("is covered in both domains, and at both ends of the range", () => {
    const { derivations } = vectors
    expect(new Set(derivations.map(({ domain }) => domain))).toEqual(new Set(["zns:agent:", "agdns:agent:"]))
    expect(derivations.some(({ index }) => index === 0)).toBe(true)
    expect(derivations.some(({ index }) => index === 0xffff_ffff)).toBe(true)
  })

  it.each(vectors.derivations)("$developer $domain $index", ({ developer, index, domain, seed_hex, public_key }) => {
    const seed = bytes(vectors.keys[developer]!.seed_hex)
    expect(Buffer.from(deriveSeed(seed, index, domain)).toString("hex")).toBe(seed_hex)
    expect(deriveKey(seed, index, domain).publicKey).toBe(public_key)
  })
})

describe("derivation proofs", () => {
  it.each(vectors.proofs)("$developer $index", ({ developer, index, message_hex, proof, agent_public_key }) => {
    const developerKey = secretKeyOf(bytes(vectors.keys[developer]!.seed_hex))
    const entityKey = readKey(agent_public_key)!
    expect(Buffer.from(provenBytes(entityKey, index)).toString("hex")).toBe(message_hex)
    const made = prove(developerKey, entityKey, index)
    expect(made).toEqual(proof)
    expect(proofHolds(made, entityKey)).toBe(true)
    expect(proofHolds({ ...made, entity_index: index === 0 ? 1 : index - 1 }, entityKey)).toBe(false)
    expect(proofHolds(made, developerKey.publicKey)).toBe(false)
  })

  it("have an index that fits four bytes", () => {
    for (const index of [-1, 0.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY]) expect(isIndex(index)).toBe(false)
    for (const index of [0, 1, 2 ** 32 - 1]) expect(isIndex(index)).toBe(true)
  })
})

describe("signatures", () => {
  it.each(vectors.signing)("$name", ({ public_key, signed_text, signed_hex, signature }) => {
    const key = readKey(public_key)!
    const read = readSignature(signature)!
    expect(Buffer.from(signed_text).toString("hex")).toBe(signed_hex)
    expect(verify(key, signed_text, read)).toBe(true)
    expect(verify(key, `${signed_text} `, read)).toBe(false)
    const signer = [...Object.values(vectors.keys), ...vectors.derivations].find((one) => one.public_key === public_key)!
    expect(sign(secretKeyOf(bytes(signer.seed_hex)), signed_text)).toBe(signature)
  })

  it.each(vectors.rejects)("refused: $why", (vector) => {
    if ("proof" in vector) {
      const { developer_public_key, developer_signature, entity_index } = vector.proof
      const proof = {
        developer_public_key: readKey(developer_public_key)!,
        entity_index,
        developer_signature: readSignature(developer_signature)!,
      }
      expect(proofHolds(proof, readKey(vector.agent_public_key)!)).toBe(false)
    } else {
      const signature = readSignature(vector.signature)
      expect(signature !== undefined && verify(readKey(vector.public_key)!, vector.message, signature)).toBe(false)
    }
  })
})
