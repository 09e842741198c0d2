/**
 * Ed25519 verifications per second by node:crypto alone, keys imported before: the bound of all that is believed. By the
 * clock on the wall, as what it is compared with.
 */
import { generateKeyPairSync, sign, verify } from "node:crypto"
import { perSecond, timed } from "../benchmark.ts"

const rounds = 200

/** `messageBytes`: length of what was signed. Takes about a second. */
export const verifyRate = (messageBytes: number): number => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const signed = Array.from({ length: 64 }, (_, i) => {
    const message = Buffer.alloc(messageBytes, i)
    return { message, signature: sign(null, message, privateKey) }
  })
  const allHold = () => signed.every(({ message, signature }) => verify(null, message, publicKey, signature))
  if (!allHold()) throw new Error("a signature does not hold")
  const { wallMs } = timed(() => {
    for (let round = 0; round < rounds; round++) allHold()
  })
  return perSecond(rounds * signed.length, wallMs)
}
