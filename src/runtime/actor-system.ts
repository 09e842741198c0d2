/**
 * The living actors of one node: their mailbox, their timers, their beginning and end.
 *
 * One mailbox for all, first come, first served: an actor is never told anything while it, or another, is still acting. So
 * the order of events is the same whichever engine runs them.
 */
import type { Casting, Command, Told } from "../actors/command.ts"
import { SmallMap } from "../protocol/small-map.ts"
import type { ActorEvent, Engine, Logic, Running, Surroundings } from "./engine/engine.ts"

export interface ActorSystem {
  /** Whom nobody knows, nothing is told. */
  readonly tell: (to: string, event: Told) => void
  /** `ended` hears the last memory of an actor that comes to its end by itself. */
  readonly start: (casting: Casting, ended?: (context: unknown) => void) => void
  readonly stop: (id: string) => void
  /** Calls back after a while, unless the actor has ended by then. */
  readonly later: (id: string, delayMs: number, fire: () => void) => void
  readonly isAlive: (id: string) => boolean
  /** State's name and memory of a living actor: for people and checkers, never for decisions. */
  readonly snapshot: (id: string) => { readonly value: string; readonly context: unknown } | undefined
  readonly ids: () => Iterable<string>
  /** Ends all of them, without a word. */
  readonly stopAll: () => void
}

/** What all actors of a node share. */
interface Shared {
  readonly after: (delayMs: number, fire: () => void) => Timer
  readonly perform: (from: string, command: Command) => void
  readonly post: (to: Living, event: ActorEvent) => void
}

interface Timer {
  readonly cancel: () => void
}

/** One actor, and what its engine sees of the world. A class, because a node has dozens and a simulation ten thousand nodes. */
class Living implements Surroundings {
  readonly id: string
  readonly ended: ((context: unknown) => void) | undefined
  running: Running | undefined = undefined
  readonly #shared: Shared
  #timers: SmallMap<Timer> | undefined = undefined

  constructor(id: string, ended: ((context: unknown) => void) | undefined, shared: Shared) {
    this.id = id
    this.ended = ended
    this.#shared = shared
  }

  perform(command: Command): void {
    this.#shared.perform(this.id, command)
  }

  schedule(timer: string, delayMs: number, event: ActorEvent): void {
    this.wake(timer, delayMs, () => this.#shared.post(this, event))
  }

  /** Calls back after a while, unless it has ended by then; a timer of this name that runs already is cancelled. */
  wake(timer: string, delayMs: number, fire: () => void): void {
    this.cancel(timer)
    this.#timers ??= new SmallMap()
    this.#timers.set(
      timer,
      this.#shared.after(delayMs, () => {
        this.#timers?.delete(timer)
        fire()
      }),
    )
  }

  cancel(timer: string): void {
    this.#timers?.get(timer)?.cancel()
    this.#timers?.delete(timer)
  }

  end(): void {
    for (const timer of this.#timers?.values() ?? []) timer.cancel()
    this.#timers = undefined
    this.running?.stop()
    this.running = undefined
  }
}

export const makeActorSystem = (
  engine: Engine,
  logicOf: (kind: Casting["actor"]) => Logic,
  after: (delayMs: number, fire: () => void) => Timer,
  perform: (from: string, command: Command) => void,
  /** Hears of our own faults: what an actor throws, or whoever carries out its commands. The others act on. */
  defect: (error: unknown) => void,
): ActorSystem => {
  const living = new Map<string, Living>()
  // the mailbox in two columns, so that a letter costs nothing; its places are used again
  const addressees: Array<string | Living | undefined> = []
  const letters: Array<ActorEvent | undefined> = []
  let posted = 0
  let isDelivering = false
  let laterCount = 0

  /** By id: whoever lives under it when the letter's turn comes. */
  const post = (to: string | Living, event: ActorEvent): void => {
    addressees[posted] = to
    letters[posted++] = event
    if (!isDelivering) deliverAll()
  }

  const shared: Shared = { after, perform, post }

  const deliverAll = (): void => {
    isDelivering = true
    for (let i = 0; i < posted; i++) {
      const to = addressees[i]!
      const event = letters[i]!
      addressees[i] = letters[i] = undefined
      const actor = typeof to === "string" ? living.get(to) : to
      try {
        if (actor !== undefined) hand(actor, event)
      } catch (error) {
        defect(error)
      }
    }
    posted = 0
    isDelivering = false
  }

  const hand = (actor: Living, event: ActorEvent): void => {
    const { running } = actor
    if (running === undefined) return // it has ended meanwhile, or not begun
    if (isFiring(event)) event.fire()
    else running.tell(event)
    // it may have been ended while it acted
    if (actor.running === running && running.isDone()) complete(actor)
  }

  const complete = (actor: Living): void => {
    const context = actor.running?.snapshot().context
    end(actor)
    actor.ended?.(context)
  }

  const end = (actor: Living): void => {
    if (living.get(actor.id) === actor) living.delete(actor.id)
    actor.end()
  }

  /** Who begins is acting, too: what it says now is heard when it has begun. */
  const start: ActorSystem["start"] = (casting, ended) => {
    if (isDelivering) return begin(casting, ended)
    isDelivering = true
    try {
      begin(casting, ended)
    } finally {
      deliverAll()
    }
  }

  const begin: ActorSystem["start"] = ({ actor: kind, id, input }, ended) => {
    const before = living.get(id)
    if (before !== undefined) end(before)
    const actor = new Living(id, ended, shared)
    living.set(id, actor)
    actor.running = engine.start(logicOf(kind), input, actor)
    if (actor.running.isDone()) complete(actor)
  }

  return {
    tell: post,
    start,
    stop: (id) => {
      const actor = living.get(id)
      if (actor !== undefined) end(actor)
    },
    later: (id, delayMs, fire) => living.get(id)?.wake(`later/${laterCount++}`, delayMs, fire),
    isAlive: (id) => living.has(id),
    snapshot: (id) => living.get(id)?.running?.snapshot(),
    ids: () => living.keys(),
    stopAll: () => [...living.values()].forEach(end),
  }
}

/** XState's own timers bring their effect with them. */
const isFiring = (event: ActorEvent): event is ActorEvent & { readonly fire: () => void } => event.type === "xstate.fire"
