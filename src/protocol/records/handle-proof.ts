/**
 * What shows that a domain or a GitHub account is a developer's (naming page, "Verification methods"; reference 6; ruled).
 *
 * A domain: a TXT record `zns-verification=<token>` at it, or the developer's key in one at `_zynd-verify.<domain>`. An account:
 * a file or gist of it that contains a signature by which the developer claimed the handle. That the developer means this
 * domain or account, it has signed already.
 */
import { sha256Hex } from "../identity/digest.ts"
import type { DeveloperId, RegistryId } from "../identity/id.ts"
import { type PublicKey, readKey } from "../identity/key.ts"
import { readHost } from "./naming.ts"

/** One token for each handle, registry and developer: it needs no memory, and says nothing that is not public. */
export const verificationToken = (registry: RegistryId, handle: string, developer: DeveloperId): string =>
  sha256Hex(`zns-verification ${registry} ${handle} ${developer}`).slice(0, 32)

export const verificationRecord = (token: string): string => `zns-verification=${token}`

/** Where the deployed node looks. */
export const keyRecordAt = (domain: string): string => `_zynd-verify.${domain}`

/** Texts of the records at the domain, and at `keyRecordAt` it. */
export const domainProves = (atDomain: ReadonlyArray<string>, atKeyRecord: ReadonlyArray<string>, token: string, key: PublicKey): boolean =>
  atDomain.some((text) => text.trim() === verificationRecord(token)) || atKeyRecord.some((text) => readKey(text.trim()) === key)

export const accountProves = (files: ReadonlyArray<string>, signatures: ReadonlyArray<string>): boolean =>
  files.some((file) => signatures.some((signature) => file.includes(signature)))

/** A public domain: nobody makes us ask our own network for its names. */
export const isPublicDomain = (text: string): boolean =>
  readHost(text) !== undefined &&
  /\.[a-z][a-z0-9-]+$/.test(text) &&
  !/\.(?:local|localhost|internal|lan|home|arpa|invalid|onion)$/.test(text)

export const isAccount = (text: string): boolean => /^[a-zA-Z0-9](?:-?[a-zA-Z0-9]){0,38}$/.test(text)
