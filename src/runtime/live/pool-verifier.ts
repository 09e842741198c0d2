/**
 * Announcements verified by the threads of libuv's pool, so that signatures do not hold up the node: `authority.ts`'
 * judgement, in the same order of costs. The origin's signature comes first; only when it holds those of the clients, all at
 * once.
 *
 * What comes of it is told in the order asked. How much is under way is bounded by who asks: sessions by their allowance,
 * comparisons by their credit. Of that, a few at a time are given to the pool, which others wait for too.
 */
import { type Belief, type Claim, drop, isEntitled, verified, weigh } from "../../protocol/gossip/authority.ts"
import { verify, verifyInPool } from "../../protocol/identity/ed25519.ts"
import type { PublicKey, Signature } from "../../protocol/identity/key.ts"
import type { Verifier } from "../ports.ts"

/** Verifications that the pool has at a time: enough for every core, few enough that files and names wait a millisecond. */
const underWayMax = 16

interface Check {
  readonly key: PublicKey
  readonly message: Uint8Array | string
  readonly signature: Signature
  readonly done: (holds: boolean) => void
}

/** Asked for, with what came of it as soon as that is known. */
interface Question {
  readonly done: (belief: Belief) => void
  belief: Belief | undefined
}

export const makePoolVerifier = (): NonNullable<Verifier["Service"]["believeLater"]> => {
  const questions = makeLine<Question>()
  /** The same announcement from several peers at once is checked once. */
  const underWay = new Map<string, Array<Question>>()
  const origins = makeLine<Check>()
  /** What is half judged comes before what is not begun, or everybody would wait for the last who asked. */
  const clients = makeLine<Check>()
  let running = 0

  const checkNext = (): void => {
    while (running < underWayMax) {
      const next = clients.take() ?? origins.take()
      if (next === undefined) return
      const { done, key, message, signature } = next
      running++
      verifyInPool(key, message, signature, (holds) => {
        running--
        done(holds)
        checkNext()
      })
    }
  }

  const tellInOrder = (): void => {
    for (let first = questions.first(); first?.belief !== undefined; first = questions.first()) {
      questions.take()
      first.done(first.belief)
    }
  }

  /** The clients' signatures: as if all held, which ones are asked for? If one does not, the judgement is made again, exactly. */
  const checkClients = ({ announcement }: Claim, answer: (belief: Belief) => void): void => {
    const asked: Array<Omit<Check, "done">> = []
    const mayBe = isEntitled(announcement, (key, message, signature) => asked.push({ key, message, signature }) > 0)
    if (!mayBe) return answer(drop("authority"))
    let left = asked.length
    let allHold = true
    const settle = () => answer(allHold || isEntitled(announcement, verify) ? verified(announcement) : drop("authority"))
    if (left === 0) return settle()
    for (const one of asked) {
      clients.put({
        ...one,
        done: (holds) => {
          allHold &&= holds
          if (--left === 0) settle()
        },
      })
    }
    checkNext()
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
    const answer = (belief: Belief): void => {
      underWay.delete(name)
      for (const one of asking) one.belief = belief
      tellInOrder()
    }
    origins.put({
      key: claim.announcement.originKey,
      message: claim.text,
      signature: claim.signature,
      done: (holds) => (holds ? checkClients(claim, answer) : answer(drop("signature"))),
    })
    checkNext()
  }
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
