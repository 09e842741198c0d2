/** Runs fibers only when the simulation says so, first come, first served: the order is ours and not the event loop's. */
import type { Scheduler } from "effect"

export class TurnScheduler implements Scheduler.Scheduler {
  readonly executionMode = "sync"
  #tasks: Array<() => void> = []
  readonly #dispatcher: Scheduler.SchedulerDispatcher = {
    scheduleTask: (task) => {
      this.#tasks.push(task)
    },
    flush: () => this.drain(),
  }

  /** Computing takes no simulated time, so nobody has to give way. */
  shouldYield(): boolean {
    return false
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return this.#dispatcher
  }

  /** Until nothing can run any more. */
  drain(): void {
    while (this.#tasks.length > 0) {
      const tasks = this.#tasks
      this.#tasks = []
      for (const task of tasks) task()
    }
  }
}
