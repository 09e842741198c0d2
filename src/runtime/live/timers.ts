/** `Timers` by the clock of the machine. */
import { Layer } from "effect"
import { Timers } from "../ports.ts"

/** Timers that keep the process alive while they run. Node fires those of equal delay in the order they were set. */
export const systemTimers: Layer.Layer<Timers> = Layer.succeed(Timers, {
  after: (delayMs, fire) => {
    let timer: NodeJS.Timeout
    const wait = (leftMs: number) => {
      // What Node cannot count it would fire at once, so a longer wait goes in pieces.
      timer = leftMs <= nodeDelayMaxMs ? setTimeout(fire, leftMs) : setTimeout(() => wait(leftMs - nodeDelayMaxMs), nodeDelayMaxMs)
    }
    wait(delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
})

/** `setTimeout` counts in 31 bits: almost 25 days. */
const nodeDelayMaxMs = 2 ** 31 - 1
