/**
 * Announcements verified by another thread (`signature-thread.ts`), so that signatures do not hold up the node: `authority.ts`'
 * judgement, in the same order of costs. The origin's signature is looked at first, and only when it holds those of the clients.
 *
 * What comes of it is told in the order asked. How much is under way is bounded by who asks: sessions by their allowance,
 * comparisons by their credit.
 */
import { type Belief, type Claim, drop, isEntitled, verified, weigh } from "../../protocol/gossip/authority.ts"
import type { SignatureCheck, Verifier } from "../ports.ts"
import { verify } from "./ed25519.ts"

/** Looks at signatures one after the other: the index of the first that does not hold, -1 where all do. Answers in the order asked. */
export type FirstBroken = (checks: ReadonlyArray<SignatureCheck>, done: (index: number) => void) => void

/** Asked for, with what came of it as soon as that is known. */
interface Question {
  readonly done: (belief: Belief) => void
  belief: Belief | undefined
}

export const makeThreadVerifier = (firstBroken: FirstBroken): NonNullable<Verifier["Service"]["believeLater"]> => {
  const questions = makeLine<Question>()
  /** The same announcement from several peers at once is checked once. */
  const underWay = new Map<string, Array<Question>>()

  const tellInOrder = (): void => {
    for (let first = questions.first(); first?.belief !== undefined; first = questions.first()) {
      questions.take()
      first.done(first.belief)
    }
  }

  return (document, claimedId, nowMs, done) => {
    const question: Question = { done, belief: undefined }
    questions.put(question)
    const claim = weigh(document, claimedId, nowMs)
    if (claim.type === "drop") {
      question.belief = claim
      return tellInOrder()
    }
    const name = `${claim.signature} ${claim.text}`
    const same = underWay.get(name)
    if (same !== undefined) return void same.push(question)
    const asking = [question]
    underWay.set(name, asking)
    const { checks, judged } = demandsOf(claim)
    firstBroken(checks, (index) => {
      underWay.delete(name)
      const belief = judged(index)
      for (const one of asking) one.belief = belief
      tellInOrder()
    })
  }
}

/** Whose signatures are asked for, as if all held, and what is to be believed when one does not. */
const demandsOf = ({ announcement, signature, text }: Claim) => {
  const checks: Array<SignatureCheck> = [{ key: announcement.originKey, message: text, signature }]
  const mayBe = isEntitled(announcement, (...[key, message, signature]) => checks.push({ key, message, signature }) > 0)
  // without these it is not entitled; its origin's signature still tells who is to blame
  if (!mayBe) checks.length = 1
  const judged = (broken: number): Belief => {
    if (broken === 0) return drop("signature")
    // of several that would do, another may hold: the judgement is made again, exactly
    return mayBe && (broken < 0 || isEntitled(announcement, verify)) ? verified(announcement) : drop("authority")
  }
  return { checks, judged }
}

interface Line<T> {
  readonly put: (one: T) => void
  readonly first: () => T | undefined
  readonly take: () => T | undefined
}

/** First come, first served. An array's own `shift` moves all that follow, and thousands may stand here. */
const makeLine = <T>(): Line<T> => {
  let items: Array<T> = []
  let served = 0
  return {
    put: (one) => void items.push(one),
    first: () => items[served],
    take: () => {
      const one = items[served]
      if (one === undefined) return undefined
      served++
      if (served === items.length || served > servedMax) {
        items = items.slice(served)
        served = 0
      }
      return one
    },
  }
}
/** Places of those who were served, until the line moves up. */
const servedMax = 1_024
