/**
 * One actor on an engine, with a world that only writes down: what it was told to do, in order, and its timers, which fire
 * when the test says so. Timers are numbered as they were set, so that engines that name them differently can be compared.
 */
import { type ActorEvent, type Engine, type Logic, type Running } from "../../src/runtime/engine/engine.ts"

export interface EngineRun {
  readonly running: Running
  /** Everything handed out since it was last asked for. */
  readonly handedOut: () => ReadonlyArray<unknown>
  /** Numbers of the timers that may fire. */
  readonly pending: () => ReadonlyArray<number>
  readonly fire: (timer: number) => void
}

interface Timer {
  readonly number: number
  readonly event: ActorEvent
}

export const runOn = (engine: Engine, logic: Logic, input: unknown): EngineRun => {
  let log: Array<unknown> = []
  let count = 0
  const timers = new Map<string, Timer>()
  const running = engine.start(logic, input, {
    perform: (command) => void log.push(command),
    schedule: (id, delayMs, event) => {
      const timer = { number: count++, event }
      timers.set(id, timer)
      log.push({ scheduled: timer.number, delayMs })
    },
    cancel: (id) => {
      const timer = timers.get(id)
      if (timer !== undefined) log.push({ cancelled: timer.number })
      timers.delete(id)
    },
  })
  return {
    running,
    handedOut: () => {
      const handed = log
      log = []
      return handed
    },
    pending: () => (running.isDone() ? [] : [...timers.values()].map(({ number }) => number).toSorted((a, b) => a - b)),
    fire: (number) => {
      const [id, { event }] = [...timers].find(([, timer]) => timer.number === number)!
      timers.delete(id)
      // XState's own timers bring their effect with them, as the actor system knows
      if ("fire" in event) (event.fire as () => void)()
      else running.tell(event)
    },
  }
}
