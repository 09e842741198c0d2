/**
 * A function whose steps are written as a generator, like `Effect.fnUntraced`, for the many that every node has for itself: 160
 * bytes instead of 460 (a function whose `length` is set anew keeps its properties in a table of 256). A simulation has
 * ten thousand nodes, each with seventy of them.
 */
import { Effect } from "effect"

type Steps<Args extends ReadonlyArray<unknown>, Step extends Effect.Effect<unknown, unknown, unknown>, A> = (
  ...args: Args
) => Generator<Step, A, never>

export const steps =
  <Args extends ReadonlyArray<unknown>, Step extends Effect.Effect<unknown, unknown, unknown>, A>(body: Steps<Args, Step, A>) =>
  (...args: Args) =>
    Effect.gen(() => body(...args))
