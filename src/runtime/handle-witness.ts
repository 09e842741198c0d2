/**
 * Looking whether a domain or an account is a developer's: the port to DNS and GitHub, and the rule over it
 * (`protocol/records/handle-proof.ts`).
 */
import { Context, Effect, Schema } from "effect"
import type { RegistryId } from "../protocol/identity/id.ts"
import { accountProves, domainProves, isAccount, isPublicDomain, keyRecordAt, verificationToken } from "../protocol/records/handle-proof.ts"
import { type HandleQuestion, Refused } from "./node-service.ts"

/** It could not be looked at: no answer, or not in time. */
export class NotLooked extends Schema.TaggedError<NotLooked>()("NotLooked", { reason: Schema.String }) {}

export class HandleWitness extends Context.Service<
  HandleWitness,
  {
    /** Texts of the TXT records at a name; none where there is no such name. */
    readonly recordsAt: (name: string) => Effect.Effect<ReadonlyArray<string>, NotLooked>
    /** Files and gists of a GitHub account in which a claim may stand; none where there is no such account. */
    readonly filesOf: (account: string) => Effect.Effect<ReadonlyArray<string>, NotLooked>
  }
>()("agentdns/runtime/HandleWitness") {}

export const witnessed =
  ({ filesOf, recordsAt }: HandleWitness["Service"], registry: RegistryId) =>
  ({ developerId, handle, method, proof, publicKey, signatures }: HandleQuestion): Effect.Effect<boolean, Refused> => {
    if (method === "github") return isAccount(proof) ? told(Effect.map(filesOf(proof), (files) => accountProves(files, signatures))) : never
    if (!isPublicDomain(proof)) return never
    const token = verificationToken(registry, handle, developerId)
    return told(
      Effect.zipWith(recordsAt(proof), recordsAt(keyRecordAt(proof)), (here, there) => domainProves(here, there, token, publicKey), {
        concurrent: true,
      }),
    )
  }

const never = Effect.succeed(false)

const told = (looked: Effect.Effect<boolean, NotLooked>) =>
  Effect.catchTag(looked, "NotLooked", () =>
    Effect.fail(new Refused({ code: "unavailable", message: "the proof could not be looked at right now; try again in a while" })),
  )
