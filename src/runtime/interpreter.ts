/**
 * The interpreter: the one place where commands become effects.
 *
 * An actor says a command; the interpreter carries it out through the ports and tells whatever came of it back to that
 * actor. It decides nothing, so the simulator runs this very file on a virtual clock.
 */
import { Cause, Clock, Effect, Exit, Fiber, Random, type Scope } from "effect"
import { gossipOf } from "../actors/gossip.ts"
import type { Command, CommandType, Link, Outcome, Told } from "../actors/command.ts"
import type { Belief } from "../protocol/gossip/authority.ts"
import type { IdentityVerdict } from "../protocol/mesh/identity-check.ts"
import type { DhtKey } from "../protocol/dht/key.ts"
import { prove, type ProvenValue, readValue } from "../protocol/dht/value.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import { answerDocumentsMax } from "../protocol/limits.ts"
import type { Query } from "../protocol/wire/message.ts"
import { type ActorSystem, makeActorSystem } from "./actor-system.ts"
import type { Cast } from "./cast.ts"
import type { Engine } from "./engine/engine.ts"
import { type Links, makeLinks, type Now } from "./links.ts"
import { makeMerger, type OnMerged } from "./merger.ts"
import { mayBeRelayed } from "./relaying.ts"
import { Codec, Journal, RecordStore, Timers, Transport, Verifier } from "./ports.ts"

export type Ports = Codec | Journal | RecordStore | Timers | Transport | Verifier

export interface Interpreter {
  readonly actors: ActorSystem
  readonly links: Links
  /** Tells an actor, with the time. */
  readonly tell: (to: string, event: Told) => void
  readonly fork: Fork
}

/** What the domains of a peer say of its key. */
export type Inspect = (question: Extract<Command, { readonly type: "inspect" }>) => Effect.Effect<IdentityVerdict>

/** Runs an effect that cannot fail, at once as far as it goes. */
export type Fork = (effect: Effect.Effect<void>) => void

/** Starts with no actor; ends all of them, and what they asked for, with the scope. */
export const makeInterpreter = Effect.fnUntraced(function* (
  engine: Engine,
  cast: Cast,
  onMerged: OnMerged,
  review: () => Effect.Effect<void>,
  inspect: Inspect,
  search: (link: Link, query: Query, mayPassOn: boolean) => Effect.Effect<void>,
  collectWords: () => Effect.Effect<void>,
): Effect.fn.Return<Interpreter, never, Ports | Scope.Scope> {
  const transport = yield* Transport
  const timers = yield* Timers
  const store = yield* RecordStore
  const verifier = yield* Verifier
  const journal = yield* Journal
  const codec = yield* Codec
  const now = nowOf(yield* Clock.Clock)
  const fork = yield* makeFork(journal.defect)

  const defect = (error: unknown) => journal.defect(Cause.die(error))
  const actors = makeActorSystem(
    engine,
    (kind) => cast[kind],
    timers.after,
    (from, command) => perform(from, command),
    defect,
  )
  const tell = (to: string, event: Told) => actors.tell(to, { ...event, nowMs: now.wallMs() })
  const links = makeLinks(codec, now, actors.tell)
  const merger = makeMerger(store, now.wallMs, fork, onMerged)
  const report = (to: string, outcome: Outcome) => actors.tell(to, outcome)

  const proven = (document: JsonObject, key: DhtKey): ProvenValue | undefined => {
    const value = readValue(document)
    return value === undefined || value.key !== key ? undefined : prove(value, now.wallMs(), verifier)
  }

  /**
   * What each command means. What is done at once is done; what may wait is an effect. None of them fails: a failure is an
   * outcome like any other.
   */
  const meaning: {
    readonly [T in CommandType]: (command: Extract<Command, { readonly type: T }>, from: string) => Effect.Effect<void> | void
  } = {
    // Transport
    dial: ({ address, dialect = "spec", patienceMs }, from) =>
      transport.dial(address, dialect).pipe(
        Effect.timeoutOrElse({ duration: patienceMs, orElse: () => Effect.fail({ reason: "timeout" }) }),
        Effect.match({
          onFailure: ({ reason }) => report(from, { type: "dial.failed", reason }),
          onSuccess: (connection) => {
            const link = links.add(connection, () => from, [dialect])
            report(from, { type: "dial.succeeded", link, key: connection.remoteKey, host: connection.remoteHost, nowMs: now.wallMs() })
            if (actors.isAlive(from)) links.listen(link)
            else links.close(link)
          },
        }),
      ),
    send: ({ link, message }) => links.send([link], message),
    broadcast: ({ links: to, message }) => links.send(to, message),
    close: ({ link }) => links.close(link),
    pauseReading: ({ link }) => links.pauseReading(link),
    resumeReading: ({ link }) => links.resumeReading(link),
    openLink: ({ isVisit, link }) => links.open(link, isVisit),
    handOver: ({ link, to }) => {
      links.giveTo(link, to.id)
      actors.start(to)
    },
    measure: ({ link }, from) => report(from, { type: "link.measured", silentMs: links.silentMs(link) }),

    // Verifier, RecordStore
    verify: ({ atOnce, link, offers }, from) => {
      for (const { document, id, hopCount } of offers) {
        const said = document()
        const judge = (belief: Belief) =>
          belief.type === "verified"
            ? report(from, { type: "announcement.verified", link, announcement: belief.announcement, hopCount })
            : report(from, { type: "announcement.refused", link, reason: belief.reason })
        if (said === undefined) judge(malformed)
        else if (verifier.believeLater === undefined || atOnce === true) judge(verifier.believe(said, id, now.wallMs()))
        else verifier.believeLater(said, id, now.wallMs(), judge)
      }
    },
    merge: ({ envelope, from: link, isCaughtUp }, from) =>
      merger.merge(envelope.announcement, (outcome) => {
        if (outcome === undefined) return report(from, { type: "merge.failed", envelope, from: link })
        const { changed, isWithheld } = outcome
        const withheld = isWithheld === true && { isWithheld }
        report(from, { type: "announcement.merged", envelope, from: link, isCaughtUp, changed, ...withheld, nowMs: now.wallMs() })
      }),
    fetch: ({ link, ids, then }, from) =>
      store.documents(ids).pipe(
        Effect.orElseSucceed(() => []),
        Effect.map((documents) => report(from, { type: "announcements.fetched", link, documents, then })),
      ),
    answer: ({ link, request, subject }) =>
      store.slots(subject).pipe(
        Effect.orElseSucceed(() => []),
        Effect.map((slots) =>
          links.send([link], { type: "ANSWER", request, documents: slots.map(({ document }) => document).slice(0, answerDocumentsMax) }),
        ),
      ),
    page: ({ after, limit, link }, from) =>
      store.changes(after, limit).pipe(
        Effect.orElseSucceed(() => []),
        Effect.map((changes) => report(from, { type: "changes.read", link, changes, nowMs: now.wallMs() })),
      ),
    relay: ({ announcement, link, mustStand }) =>
      Effect.map(mayBeRelayed(store, announcement, mustStand), (may) => {
        if (may) links.send([link], gossipOf({ announcement, hopCount: 0 }))
      }),
    pin: ({ pin }) => Effect.ignore(store.pin(pin)),
    // Where the store fails now, the next minute will do.
    expire: () =>
      Effect.ignore(
        Effect.map(store.expire(now.wallMs()), (lost) =>
          lost.forEach(({ origin, subject }) => tell("holdings", { type: "slot.lost", subject, origin })),
        ),
      ),
    review,
    collectWords,
    search: ({ link, query, mayPassOn }) => search(link, query, mayPassOn),

    // the DHT
    prove: ({ about, documents, key }, from) => {
      const values = documents.flatMap((document) => proven(document, key) ?? [])
      report(from, { type: "values.proven", about, values })
    },
    remember: ({ contacts }) => Effect.ignore(store.remember(contacts)),

    // Timers
    remind: ({ afterMs, event }, from) => actors.later(from, afterMs, () => tell(from, event)),

    // the cast
    start: (casting) => actors.start(casting),
    startAll: ({ actors: castings }) => castings.forEach((casting) => actors.start(casting)),
    stop: ({ ids }) => ids.forEach(actors.stop),
    tell: ({ to, event }) => (typeof to === "string" ? tell(to, event) : to.forEach((one) => tell(one, event))),

    // people
    inspect: (question, from) => Effect.map(inspect(question), (verdict) => report(from, { type: "peer.inspected", ...verdict })),
    report: ({ happening }) => journal.report(happening),
  }
  const perform = (from: string, command: Command): void => {
    try {
      const effect = (meaning[command.type] as (command: Command, from: string) => Effect.Effect<void> | void)(command, from)
      if (effect !== undefined) fork(effect)
    } catch (error) {
      defect(error)
    }
  }

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      actors.stopAll()
      links.closeAll()
    }),
  )
  return { actors, fork, links, tell }
})

/** Runs effects of this scope. What ends at once, as it does in memory, leaves no trace; a defect is reported, loudly. */
const makeFork = Effect.fnUntraced(function* (defect: (cause: Cause.Cause<never>) => void): Effect.fn.Return<Fork, never, Scope.Scope> {
  const run = Effect.runForkWith(yield* Effect.context())
  const unfinished = new Set<Fiber.Fiber<void>>()
  yield* Effect.addFinalizer(() => Fiber.interruptAll(unfinished))
  const judge = (exit: Exit.Exit<void>) => {
    if (Exit.isFailure(exit) && Cause.hasDies(exit.cause)) defect(exit.cause)
  }
  return (effect) => {
    const fiber = run(effect)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return judge(exit)
    unfinished.add(fiber)
    fiber.addObserver((end) => {
      unfinished.delete(fiber)
      judge(end)
    })
  }
})

const malformed = { type: "drop", reason: "malformed" } as const

const nowOf = (clock: Clock.Clock): Now => ({
  wallMs: () => clock.currentTimeMillisUnsafe(),
  monotonicNanos: () => clock.monotonicTimeNanosUnsafe(),
})

/** A seed for an actor's dice. */
export const drawSeed: Effect.Effect<number> = Effect.map(Random.next, (value) => Math.floor(value * 2 ** 32))
