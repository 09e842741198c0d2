/** The `Authorization` header of signed requests: `Bearer` or `Bearer-Dev` and a signature (reference 1.0). */
import { Result } from "effect"
import type { verify } from "../identity/ed25519.ts"
import { type PublicKey, readSignature, type Signature } from "../identity/key.ts"
import { type Refusal, unauthorized } from "./refusal.ts"

export interface Authorization {
  readonly scheme: "bearer" | "bearer-dev"
  readonly signature: Signature
}

export const readAuthorization = (header: string | undefined): Result.Result<Authorization, Refusal> => {
  const match = /^(Bearer|Bearer-Dev) +(\S+)$/i.exec(header?.trim() ?? "")
  if (match === null) return unauthorized("the Authorization header must be Bearer or Bearer-Dev and a signature")
  const signature = readSignature(match[2]!)
  return signature === undefined
    ? unauthorized("the Authorization header carries no Ed25519 signature")
    : Result.succeed({ scheme: match[1]!.toLowerCase() === "bearer" ? "bearer" : "bearer-dev", signature })
}

/** The header's signature, when it is this key's over this text; on resources of developers both schemes mean the same. */
export const readOwner = (
  header: string | undefined,
  text: string,
  key: PublicKey,
  check: typeof verify,
): Result.Result<Signature, Refusal> =>
  Result.flatMap(readAuthorization(header), ({ signature }) =>
    check(key, text, signature) ? Result.succeed(signature) : unauthorized("the signature is not the owner's over this request"),
  )
