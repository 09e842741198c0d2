/** Key files of developers and entities, as both SDKs and the deployed command lines keep them. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { deriveKey, deriveSeed, type DerivationDomain } from "../../../protocol/identity/derivation.ts"
import type { SecretKey } from "../../../protocol/identity/ed25519.ts"
import { rawKey } from "../../../protocol/identity/key.ts"
import { derivationIndexMax } from "../../../protocol/limits.ts"
import { type IdentityUnusable, type KeyFile, readKeyFile, writeKeyFile } from "../../live/identity-file.ts"
import { type Ending, exitCode } from "../exit.ts"
import { type Circumstances, stopWith } from "./client-command.ts"
import type { Flag, Given } from "./flags.ts"

export const developerFlag: Flag = {
  name: "developer-key",
  takes: "FILE",
  doc: "the developer's key (ZYND_DEVELOPER_KEYPAIR_PATH, else developer.json of the home)",
}

export const derivationFlag: Flag = {
  name: "derivation",
  takes: "page|sdk",
  doc: "how keys are derived: as the identity page says (page), or as both SDKs do (sdk, the default)",
}

export const developerFile = (given: Given, { env, home }: Circumstances): string =>
  given.text("developer-key") ?? env["ZYND_DEVELOPER_KEYPAIR_PATH"] ?? join(home, "developer.json")

export const developerKey = (given: Given, circumstances: Circumstances): Effect.Effect<KeyFile, Ending> => {
  const file = developerFile(given, circumstances)
  return Effect.flatMap(keyIn(file), (found) =>
    found === undefined ? stopWith(`there is no developer's key at ${file}; "zynd init" makes one`) : Effect.succeed(found),
  )
}

/** The key in a file; nothing where there is no file. */
export const keyIn = (file: string): Effect.Effect<KeyFile | undefined, Ending> => Effect.mapError(readKeyFile(file), unusable)

/** Writes a key where there is none: one that is lost cannot be had back. */
export const keep = (file: string, seed: Uint8Array, besides: object = {}): Effect.Effect<KeyFile, Ending> =>
  existsSync(file)
    ? stopWith(`${file} exists already; a key is never overwritten`, exitCode.cannotCreate)
    : Effect.mapError(writeKeyFile(file, seed, besides), unusable)

const unusable = ({ file, reason }: IdentityUnusable): Ending => ({
  code: exitCode.cannotCreate,
  sentence: `the key file ${file} ${reason}`,
})

export const indexOf = (text: string): Effect.Effect<number, Ending> => {
  const index = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  return index <= derivationIndexMax
    ? Effect.succeed(index)
    : stopWith(`an index is a number from 0 to ${derivationIndexMax}, not "${text}"`)
}

export const domainOf = (given: Given): Effect.Effect<DerivationDomain, Ending> => {
  const said = given.text("derivation") ?? "sdk"
  if (said === "sdk") return Effect.succeed("zns:agent:")
  return said === "page" ? Effect.succeed("agdns:agent:") : stopWith(`--derivation is page or sdk, not "${said}"`)
}

/** An entity's key: the file that was named, else the developer's child of this index. */
export const entityKey = Effect.fnUntraced(function* (
  given: Given,
  developer: KeyFile,
  index: number,
): Effect.fn.Return<SecretKey, Ending> {
  const file = given.text("keypair")
  if (file === undefined) return deriveKey(developer.seed, index, yield* domainOf(given))
  const found = yield* keyIn(file)
  return found === undefined ? yield* stopWith(`there is no key at ${file}`) : found.key
})

/** Where a derived key comes from, as its file says it: enough to derive it again. */
export const derivedFrom = (developer: KeyFile, index: number, domain: DerivationDomain) => ({
  seed: deriveSeed(developer.seed, index, domain),
  derived_from: { developer_public_key: rawKey(developer.key.publicKey).toString("base64"), entity_index: index, domain },
})
