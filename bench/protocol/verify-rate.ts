/**
 * Ed25519 verifications per second by the engine that a node takes (`runtime/live/ed25519.ts`) and nothing else: the bound of all
 * that is believed. By the clock on the wall, as what it is compared with.
 */
import { sign } from "../../src/protocol/identity/ed25519.ts"
import { verify } from "../../src/runtime/live/ed25519.ts"
import { hostKey } from "../../src/sim/keys.ts"
import { perSecond, timed } from "../benchmark.ts"

const rounds = 200

/** `messageBytes`: length of what was signed. Takes about a second. */
export const verifyRate = (messageBytes: number): number => {
  const key = hostKey(1, "signs")
  const signed = Array.from({ length: 64 }, (_, i) => {
    const message = Buffer.alloc(messageBytes, i)
    return { message, signature: sign(key, message) }
  })
  const allHold = () => signed.every(({ message, signature }) => verify(key.publicKey, message, signature))
  if (!allHold()) throw new Error("a signature does not hold")
  const { wallMs } = timed(() => {
    for (let round = 0; round < rounds; round++) allHold()
  })
  return perSecond(rounds * signed.length, wallMs)
}
