/**
 * Public keys and signatures as text: `ed25519:` and standard base64 with padding (identity page, "Signing convention").
 *
 * A `PublicKey` is that text in its one canonical form, so that two equal keys are equal strings; what comes from outside
 * is read by `readKey`, which also takes the form without prefix that deployed clients send.
 */
export type PublicKey = string & { readonly PublicKey: unique symbol }
export type Signature = string & { readonly Signature: unique symbol }

const prefix = "ed25519:"

const decode = (base64: string, bytes: number): Buffer | undefined => {
  const raw = Buffer.from(base64, "base64")
  return raw.length === bytes && raw.toString("base64") === base64 ? raw : undefined
}

/** A public key from its text, with or without prefix; `undefined` when it is not 32 bytes of padded base64. */
export const readKey = (text: string): PublicKey | undefined => {
  const base64 = text.startsWith(prefix) ? text.slice(prefix.length) : text
  return base64.length === 44 && decode(base64, 32) !== undefined ? (`${prefix}${base64}` as PublicKey) : undefined
}

/** A signature from its text; the prefix is required (as deployed). */
export const readSignature = (text: string): Signature | undefined =>
  text.length === 96 && text.startsWith(prefix) && decode(text.slice(prefix.length), 64) !== undefined ? (text as Signature) : undefined

export const writeKey = (raw: Uint8Array): PublicKey => `${prefix}${Buffer.from(raw).toString("base64")}` as PublicKey
export const writeSignature = (raw: Uint8Array): Signature => `${prefix}${Buffer.from(raw).toString("base64")}` as Signature

/** The 32 raw bytes. */
export const rawKey = (key: PublicKey): Buffer => Buffer.from(key.slice(prefix.length), "base64")
/** The 64 raw bytes. */
export const rawSignature = (signature: Signature): Buffer => Buffer.from(signature.slice(prefix.length), "base64")
