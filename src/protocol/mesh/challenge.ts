/**
 * How two nodes prove their keys to each other where no TLS does it for them (ruled: where TLS is off, both sides sign a
 * challenge). Three frames in front of HELLO:
 *
 *     dialler ── CHALLENGE  public_key  nonce ────────────────► listener
 *             ◄─ CHALLENGE  public_key  nonce  signature ──────
 *             ── PROOF      signature ────────────────────────►
 *
 * Each signs its role, both keys and both nonces, so that no signature is worth anything on another connection, from the other
 * end, or as anything else that a registry signs (those are JSON). That the other end holds its key is all it proves: whoever
 * sits between two nodes can still read and change what they say.
 */
import { Result, Schema } from "effect"
import { readJson } from "../identity/json-text.ts"
import { type PublicKey, readKey, readSignature, type Signature } from "../identity/key.ts"
import { encodeFrame } from "../wire/frame.ts"

/** One end of a handshake: the key that it claims, and what it wants to see signed: 32 fresh random bytes in hex. */
export interface Challenge {
  readonly publicKey: PublicKey
  readonly nonce: string
}

/** The listener's: it has seen the dialler's, so it signs at once. */
export interface AnsweredChallenge extends Challenge {
  readonly signature: Signature
}

export interface Ends {
  readonly dialler: Challenge
  readonly listener: Challenge
}

export const nonceBytes = 32

/** What the end in this role signs. No part can contain a line break. */
export const proofText = (role: keyof Ends, { dialler, listener }: Ends): string =>
  ["zynd-mesh-challenge/1", role, dialler.publicKey, dialler.nonce, listener.publicKey, listener.nonce].join("\n")

/** The whole frame; `signature` when it answers one. */
export const challengeFrame = ({ nonce, publicKey }: Challenge, signature?: Signature): Uint8Array =>
  frameOf({ type: "CHALLENGE", public_key: publicKey, nonce, ...(signature !== undefined && { signature }) })

export const proofFrame = (signature: Signature): Uint8Array => frameOf({ type: "PROOF", signature })

/** The dialler's challenge in a frame's payload; `undefined` when it is something else. */
export const readChallenge = (payload: Uint8Array): Challenge | undefined => {
  const said = decodeChallenge(jsonOf(payload))
  const publicKey = Result.isSuccess(said) ? readKey(said.success.public_key) : undefined
  return Result.isFailure(said) || publicKey === undefined ? undefined : { publicKey, nonce: said.success.nonce }
}

/** The listener's answer to it. */
export const readAnswer = (payload: Uint8Array): AnsweredChallenge | undefined => {
  const challenge = readChallenge(payload)
  const signature = signatureIn(payload, "CHALLENGE")
  return challenge === undefined || signature === undefined ? undefined : { ...challenge, signature }
}

/** The dialler's last word. */
export const readProof = (payload: Uint8Array): Signature | undefined => signatureIn(payload, "PROOF")

const frameOf = (said: object): Uint8Array => encodeFrame(Buffer.from(JSON.stringify(said)))

const jsonOf = (payload: Uint8Array): unknown => readJson(Buffer.from(payload).toString())

const signatureIn = (payload: Uint8Array, type: "CHALLENGE" | "PROOF"): Signature | undefined => {
  const said = decodeSigned(jsonOf(payload))
  return Result.isSuccess(said) && said.success.type === type ? readSignature(said.success.signature) : undefined
}

const decodeChallenge = Schema.decodeUnknownResult(
  Schema.Struct({
    type: Schema.Literal("CHALLENGE"),
    public_key: Schema.String,
    nonce: Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/)),
  }),
)
const decodeSigned = Schema.decodeUnknownResult(Schema.Struct({ type: Schema.Literals(["CHALLENGE", "PROOF"]), signature: Schema.String }))
