/**
 * Signatures of requests and of our answers to them, reckoned elsewhere while the node goes on, where the ports can
 * (`live/signature-thread.ts`); in the simulator at once.
 */
import { Effect } from "effect"
import type { verify } from "../../protocol/identity/ed25519.ts"
import type { Signature } from "../../protocol/identity/key.ts"
import type { SignatureCheck, Signer, Verifier } from "../ports.ts"

/** What lacks only our signature: over `text`. */
export interface Draft<A> {
  readonly text: string
  readonly signedWith: (signature: Signature) => A
}

export interface Signatures {
  /**
   * What `read` makes of a request. It is read as if every signature that it asks about held; when one does not, it is read
   * again with the verdicts as far as that one. `read` decides by its `check` alone, asks in the same order, changes nothing.
   */
  readonly judged: <A>(read: (check: typeof verify) => A) => Effect.Effect<A>
  /** One after the other, in the order asked. */
  readonly signed: <A>(draft: Draft<A>) => Effect.Effect<A>
}

export const signaturesOf = (signer: Signer["Service"], verifier: Verifier["Service"]): Signatures => {
  const { firstBroken } = verifier
  const { signLater } = signer
  return {
    judged: (read) => {
      if (firstBroken === undefined) return Effect.sync(() => read(verifier.verify))
      const readWith = (known: ReadonlyArray<boolean>): Effect.Effect<ReturnType<typeof read>> =>
        Effect.suspend(() => {
          const asked: Array<SignatureCheck> = []
          const hoped = read((key, message, signature) => known[asked.push({ key, message, signature }) - 1] ?? true)
          const open = asked.slice(known.length)
          if (open.length === 0) return Effect.succeed(hoped)
          return Effect.flatMap(judge(open), (broken) =>
            broken < 0 ? Effect.succeed(hoped) : readWith([...known, ...open.slice(0, broken).map(() => true), false]),
          )
        })
      const judge = (checks: ReadonlyArray<SignatureCheck>) =>
        Effect.callback<number>((resume) => firstBroken(checks, (index) => resume(Effect.succeed(index))))
      return readWith([])
    },
    signed: (draft) =>
      signLater === undefined
        ? Effect.sync(() => draft.signedWith(signer.sign(draft.text)))
        : Effect.callback((resume) => signLater(draft.text, (signature) => resume(Effect.sync(() => draft.signedWith(signature))))),
  }
}
