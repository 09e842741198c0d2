/**
 * The strict rule against a second writing of it on another implementation's points, on inputs on which libraries
 * disagree.
 */
import * as ed from "@noble/ed25519"
import { describe, expect, it } from "vitest"
import { sha512 } from "../../../src/protocol/identity/digest.ts"
import { secretKeyOf, sign, verify, verifyRaw } from "../../../src/protocol/identity/ed25519.ts"
import { rawKey, rawSignature, writeKey, writeSignature } from "../../../src/protocol/identity/key.ts"
import { cases, oracle, signers } from "../../support/tricky-signatures.ts"

describe("the strict rule", () => {
  it("gives the oracle's verdict on every tricky input", () => {
    const all = cases()
    expect(all.length).toBeGreaterThan(1_000)
    const differ = all.filter(({ key, message, signature }) => verifyRaw(key, message, signature) !== oracle(key, message, signature))
    expect(differ.map(({ why }) => why)).toEqual([])
  })

  it("knows both verdicts, and refuses what a lenient library accepts", () => {
    const verdicts = Map.groupBy(cases(), ({ key, message, signature }) => verifyRaw(key, message, signature))
    const accepted = new Set(verdicts.get(true)!.map(({ why }) => why))
    // Of mixed order, but without cofactor the equation holds: every node must accept these, as OpenSSL does.
    expect(accepted).toEqual(new Set(["honest", "honest, own nonce", "A of mixed order", "R of mixed order", "A and R of mixed order"]))
    ed.hashes.sha512 = (message) => Uint8Array.from(sha512(message))
    const doubtful = verdicts.get(false)!.filter(({ why }) => /^odd|mixed/.test(why))
    const lenient = doubtful.slice(0, 200).filter(({ key, message, signature }) => {
      try {
        return ed.verify(signature, message, key)
      } catch {
        return false
      }
    })
    expect(lenient.length).toBeGreaterThan(50)
  })

  it("is asked with texts, too", () => {
    const [{ secret }] = signers as [(typeof signers)[0]]
    const signature = sign(secret, "grüße")
    expect(verify(secret.publicKey, "grüße", signature)).toBe(true)
    expect(verify(secret.publicKey, Buffer.from("grüße"), signature)).toBe(true)
    expect(verify(secret.publicKey, "grusse", signature)).toBe(false)
    expect(verify(writeKey(Buffer.alloc(32, 0xff)), "x", writeSignature(Buffer.alloc(64)))).toBe(false)
  })
})

describe("RFC 8032, 7.1", () => {
  it.each([
    [
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
    [
      "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ],
  ])("seed %s", (seed, key, message, signature) => {
    const secret = secretKeyOf(Buffer.from(seed, "hex"))
    expect(rawKey(secret.publicKey).toString("hex")).toBe(key)
    expect(rawSignature(sign(secret, Buffer.from(message, "hex"))).toString("hex")).toBe(signature)
    expect(verifyRaw(Buffer.from(key, "hex"), Buffer.from(message, "hex"), Buffer.from(signature, "hex"))).toBe(true)
  })
})
