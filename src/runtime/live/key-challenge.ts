/**
 * The handshake of `protocol/mesh/challenge.ts` on a socket, before anything else is said on it. What is no part of it stays
 * in the socket, unread, for whoever takes the socket over.
 *
 * A socket that ends meanwhile is never heard of again here: who holds it looks out for its "close".
 */
import { randomBytes } from "node:crypto"
import type { Socket } from "node:net"
import { greetingBytesMax } from "../../protocol/agentdns/limits.ts"
import type { SecretKey } from "../../protocol/identity/ed25519.ts"
import type { PublicKey } from "../../protocol/identity/key.ts"
import {
  type Challenge,
  challengeFrame,
  nonceBytes,
  proofFrame,
  proofText,
  readAnswer,
  readChallenge,
  readProof,
} from "../../protocol/mesh/challenge.ts"
import { frameHeadBytes } from "../../protocol/wire/frame.ts"
import { sign, verify } from "./ed25519.ts"

/** The other end's key, once it is proven; that it speaks of something else; or that it claims a key and does not prove it. */
export type Shown = { readonly type: "proven"; readonly key: PublicKey } | { readonly type: "silent" } | { readonly type: "forged" }

/** Asks whom we dialled for its key, and proves ours. */
export const challenge = (socket: Socket, key: SecretKey, done: (shown: Shown) => void): void => {
  const dialler = freshChallenge(key)
  socket.write(challengeFrame(dialler))
  readFrame(socket, readAnswer, (listener) => {
    if (listener === undefined) return done({ type: "silent" })
    const ends = { dialler, listener }
    if (!verify(listener.publicKey, proofText("listener", ends), listener.signature)) return done({ type: "forged" })
    socket.write(proofFrame(sign(key, proofText("dialler", ends))))
    done({ type: "proven", key: listener.publicKey })
  })
}

/** Answers a caller that begins with a challenge; of any other nothing is read. */
export const answerChallenge = (socket: Socket, key: SecretKey, done: (shown: Shown) => void): void =>
  readFrame(socket, readChallenge, (dialler) => {
    if (dialler === undefined) return done({ type: "silent" })
    const listener = freshChallenge(key)
    const ends = { dialler, listener }
    socket.write(challengeFrame(listener, sign(key, proofText("listener", ends))))
    readFrame(socket, readProof, (signature) => {
      const isProven = signature !== undefined && verify(dialler.publicKey, proofText("dialler", ends), signature)
      done(isProven ? { type: "proven", key: dialler.publicKey } : { type: "forged" })
    })
  })

const freshChallenge = ({ publicKey }: SecretKey): Challenge => ({ publicKey, nonce: randomBytes(nonceBytes).toString("hex") })

/** The next frame, if `read` can make something of it; else it stays where it is. The socket is paused then. */
const readFrame = <A>(socket: Socket, read: (payload: Uint8Array) => A | undefined, done: (said: A | undefined) => void): void => {
  let bytes = Buffer.alloc(0)
  const hear = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk])
    if (bytes.length < frameHeadBytes) return
    const end = frameHeadBytes + bytes.readUInt32BE(0)
    // what claims to be longer than any greeting is not waited for
    if (bytes.length < end && end <= greetingBytesMax) return
    socket.off("data", hear)
    socket.pause()
    const said = end <= greetingBytesMax ? read(bytes.subarray(frameHeadBytes, end)) : undefined
    const unread = said === undefined ? bytes : bytes.subarray(end)
    if (unread.length > 0) socket.unshift(unread)
    done(said)
  }
  socket.on("data", hear)
  socket.resume()
}
