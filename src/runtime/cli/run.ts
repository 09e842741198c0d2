/** Runs a command's effect to its end: done, ended by a signal, refused with a sentence, or a defect. */
import { Cause, Effect, Exit, Fiber } from "effect"
import type { IdentityUnusable } from "../live/identity-file.ts"
import { defect, end, type Ending, type ExitCode, exitCode } from "./exit.ts"

/** What was begun is put in order for this long after a signal; then the process ends anyway. */
const drainPatienceMs = 8_000

/** The code the process ends with. SIGINT, SIGTERM and a closed terminal interrupt the effect and are a good end. */
export const runToEnd = async (effect: Effect.Effect<void, Ending>): Promise<ExitCode> => {
  let isStopping = false
  const stop = () => {
    // Whoever asks twice does not want to wait.
    if (isStopping) process.exit(exitCode.done)
    isStopping = true
    setTimeout(() => process.exit(exitCode.done), drainPatienceMs).unref()
    Effect.runFork(Fiber.interrupt(fiber))
  }
  // Before anything begins: a signal that comes in the middle must find somebody who puts things away.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop)
  const fiber = Effect.runFork(effect)

  const exit = await Effect.runPromise(Fiber.await(fiber))
  if (Exit.isSuccess(exit) || isStopping) return exitCode.done
  const failure = Cause.findErrorOption(exit.cause)
  return end(failure._tag === "Some" ? failure.value : defect(Cause.squash(exit.cause)))
}

/** A named file is a setting; the one in the data directory is part of it. */
export const identityEnding = ({ file, reason }: IdentityUnusable, isNamed: boolean): Ending => ({
  code: isNamed ? exitCode.usage : exitCode.cannotCreate,
  sentence: `the identity file ${file} ${reason}`,
})

export const namedButAbsent = (file: string): Ending => ({
  code: exitCode.usage,
  sentence: `the identity file ${file} does not exist; without --identity one is made in the data directory`,
})
