/**
 * The living actors of one node: their mailbox, their timers, their beginning and end.
 *
 * One mailbox for all, first come, first served: an actor is never told anything while it, or another, is still acting. So
 * the order of events is the same whichever engine runs them.
 */
import type { Casting, Command, Told } from "../actors/command.ts"
import type { ActorEvent, Engine, Logic, Running } from "./engine/engine.ts"

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

interface Living {
  readonly id: string
  readonly timers: Map<string, { readonly cancel: () => void }>
  readonly ended: ((context: unknown) => void) | undefined
  running: Running | undefined
}

export const makeActorSystem = (
  engine: Engine,
  logicOf: (kind: Casting["actor"]) => Logic,
  after: (delayMs: number, fire: () => void) => { readonly cancel: () => void },
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
    for (const timer of actor.timers.values()) timer.cancel()
    actor.timers.clear()
    actor.running?.stop()
    actor.running = undefined
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
    const actor: Living = { id, timers: new Map(), ended, running: undefined }
    living.set(id, actor)
    actor.running = engine.start(logicOf(kind), input, {
      perform: (command) => perform(id, command),
      schedule: (timer, delayMs, event) => {
        actor.timers.get(timer)?.cancel()
        actor.timers.set(
          timer,
          after(delayMs, () => {
            actor.timers.delete(timer)
            post(actor, event)
          }),
        )
      },
      cancel: (timer) => {
        actor.timers.get(timer)?.cancel()
        actor.timers.delete(timer)
      },
    })
    if (actor.running.isDone()) complete(actor)
  }

  return {
    tell: post,
    start,
    stop: (id) => {
      const actor = living.get(id)
      if (actor !== undefined) end(actor)
    },
    later: (id, delayMs, fire) => {
      const timers = living.get(id)?.timers
      if (timers === undefined) return
      const timer = `later/${laterCount++}`
      timers.set(
        timer,
        after(delayMs, () => {
          timers.delete(timer)
          fire()
        }),
      )
    },
    isAlive: (id) => living.has(id),
    snapshot: (id) => living.get(id)?.running?.snapshot(),
    ids: () => living.keys(),
    stopAll: () => [...living.values()].forEach(end),
  }
}

/** XState's own timers bring their effect with them. */
const isFiring = (event: ActorEvent): event is ActorEvent & { readonly fire: () => void } => event.type === "xstate.fire"
