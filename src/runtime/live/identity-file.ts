/**
 * The registry's key on disk: `identity.json`, `{ "public_key", "private_key" }` in base64 without prefix.
 *
 * Deployed nodes write the 64 bytes of Go's private key (seed, then public key), the SDKs the seed's 32. Both are read, the
 * SDKs' form is written (ruled). The file is private to its user, and is there whole or not at all.
 */
import { randomBytes } from "node:crypto"
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { Effect, Schema } from "effect"
import { type SecretKey, secretKeyOf } from "../../protocol/identity/ed25519.ts"
import { rawKey } from "../../protocol/identity/key.ts"

/** There is an identity file that cannot be used, or none can be made. `reason` continues the sentence "FILE …". */
export class IdentityUnusable extends Schema.TaggedError<IdentityUnusable>()("IdentityUnusable", {
  file: Schema.String,
  reason: Schema.String,
}) {}

export interface Identity {
  readonly key: SecretKey
  /** What the operator should know, as sentences. */
  readonly warnings: ReadonlyArray<string>
}

/** A key file of anybody's: a developer's seed is what entity keys are derived from. */
export interface KeyFile extends Identity {
  readonly seed: Uint8Array
}

/** The identity in this file; nothing when there is no such file. */
export const readIdentity = (file: string): Effect.Effect<Identity | undefined, IdentityUnusable> =>
  Effect.map(readKeyFile(file), (found) => found && { key: found.key, warnings: found.warnings })

/** Makes a new identity where there is none. One that appears at the same moment wins: it is never overwritten. */
export const makeIdentity = (file: string): Effect.Effect<Identity, IdentityUnusable> =>
  Effect.suspend(() => Effect.map(writeKeyFile(file, randomBytes(32)), ({ key, warnings }) => ({ key, warnings })))

/** As `readIdentity`, with the seed. */
export const readKeyFile = (file: string): Effect.Effect<KeyFile | undefined, IdentityUnusable> =>
  Effect.try({
    try: () => {
      const text = readOrNothing(file)
      if (text === undefined) return undefined
      const seed = seedIn(text)
      const open = process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0
      const warnings = open ? [`${file} holds a secret and can be read by other users: chmod 600 ${file}`] : []
      return { key: secretKeyOf(seed), seed, warnings }
    },
    catch: (cause) => new IdentityUnusable({ file, reason: reasonOf(cause) }),
  })

/** Writes a key where there is none; `besides` are further members, such as where it is derived from. */
export const writeKeyFile = (file: string, seed: Uint8Array, besides: object = {}): Effect.Effect<KeyFile, IdentityUnusable> =>
  Effect.try({
    try: () => {
      const key = secretKeyOf(seed)
      const document = {
        public_key: rawKey(key.publicKey).toString("base64"),
        private_key: Buffer.from(seed).toString("base64"),
        ...besides,
      }
      makeDirectory(dirname(file))
      writeWhole(file, `${JSON.stringify(document, undefined, 2)}\n`)
      return { key, seed, warnings: [] }
    },
    catch: (cause) => new IdentityUnusable({ file, reason: reasonOf(cause) }),
  })

class Unusable extends Error {}

const readOrNothing = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

const seedIn = (text: string): Uint8Array => {
  const document = parse(text)
  const secret = base64Of(document["private_key"], "private_key")
  if (secret.length !== 32 && secret.length !== 64) {
    throw new Unusable(`has a private_key of ${secret.length} bytes where 32 or 64 are expected`)
  }
  const seed = secret.subarray(0, 32)
  const own = rawKey(secretKeyOf(seed).publicKey)
  const said = document["public_key"]
  const agrees = said === undefined || base64Of(said, "public_key").equals(own)
  if (!agrees || (secret.length === 64 && !secret.subarray(32).equals(own))) {
    throw new Unusable("holds a public key that is not the one of its private key")
  }
  return seed
}

const parse = (text: string): Record<string, unknown> => {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new Unusable("is not JSON")
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) throw new Unusable("is not a JSON object")
  return document as Record<string, unknown>
}

const base64Of = (value: unknown, name: string): Buffer => {
  if (typeof value !== "string") throw new Unusable(`has no ${name}`)
  const text = value.replace(/^ed25519:|[\r\n]/g, "")
  const bytes = Buffer.from(text, "base64")
  if (text === "" || bytes.toString("base64") !== text) throw new Unusable(`has a ${name} that is not base64`)
  return bytes
}

/** Written beside, flushed to the disk, then given its name, which fails when the name is taken. */
const writeWhole = (file: string, text: string): void => {
  const beside = `${file}.${randomBytes(6).toString("hex")}.tmp`
  try {
    const handle = openSync(beside, "wx", 0o600)
    try {
      writeSync(handle, text)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    nameIt(beside, file)
    flushDirectory(dirname(file))
  } finally {
    rmSync(beside, { force: true })
  }
}

const makeDirectory = (directory: string): void => {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw new Unusable("is below something that is not a directory")
    throw error
  }
}

const nameIt = (beside: string, file: string): void => {
  try {
    linkSync(beside, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error
    // File systems without hard links: the data directory's lock is what keeps a second one away.
    renameSync(beside, file)
  }
}

/** Windows has no handle of a directory; there the file system's own journal has to do. */
const flushDirectory = (directory: string): void => {
  if (process.platform === "win32") return
  const handle = openSync(directory, "r")
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

const reasonOf = (cause: unknown): string => {
  if (cause instanceof Unusable) return cause.message
  const code = (cause as NodeJS.ErrnoException).code
  if (code === "EACCES" || code === "EPERM") return "may not be read or written by this user"
  if (code === "EISDIR") return "is a directory"
  if (code === "EEXIST") return "was made by somebody else at this moment; start again"
  if (code === "ENOTDIR") return "is below something that is not a directory"
  if (code === "ENOSPC") return "cannot be written: the disk is full"
  return code === "EROFS" ? "cannot be written: the disk is read-only" : `cannot be used (${code ?? "unknown reason"})`
}
