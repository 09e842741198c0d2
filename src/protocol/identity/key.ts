/**
 * Public keys and signatures as text: `ed25519:` and standard base64 with padding (identity page, "Signing convention").
 *
 * A `PublicKey` is that text in its one canonical form, so that two equal keys are equal strings; what comes from outside
 * is read by `readKey`, which also takes the form without prefix that deployed clients send.
 */
export type PublicKey = string & { readonly PublicKey: unique symbol }
export type Signature = string & { readonly Signature: unique symbol }

const prefix = "ed25519:"

/** Padded base64 of 32 and of 64 bytes, in its one spelling: the bits that the last character has too many are zeros. */
const keyShape = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/
const signatureShape = /^[A-Za-z0-9+/]{85}[AQgw]==$/

/** A public key from its text, with or without prefix; `undefined` when it is not 32 bytes of padded base64. */
export const readKey = (text: string): PublicKey | undefined => {
  const base64 = text.startsWith(prefix) ? text.slice(prefix.length) : text
  return base64.length === 44 && keyShape.test(base64) ? (`${prefix}${base64}` as PublicKey) : undefined
}

/** A signature from its text; the prefix is required (as deployed). */
export const readSignature = (text: string): Signature | undefined =>
  text.length === 96 && text.startsWith(prefix) && signatureShape.test(text.slice(prefix.length)) ? (text as Signature) : undefined

export const writeKey = (raw: Uint8Array): PublicKey => `${prefix}${Buffer.from(raw).toString("base64")}` as PublicKey
export const writeSignature = (raw: Uint8Array): Signature => `${prefix}${Buffer.from(raw).toString("base64")}` as Signature

/** The 32 raw bytes. */
export const rawKey = (key: PublicKey): Buffer => Buffer.from(key.slice(prefix.length), "base64")
/** The 64 raw bytes. */
export const rawSignature = (signature: Signature): Buffer => Buffer.from(signature.slice(prefix.length), "base64")
