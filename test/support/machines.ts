/** Machines that no node plays: one that uses everything the compiler understands, and random ones. */
import { assign, cancel, raise, setup } from "xstate"
import { commands } from "../../src/actors/command.ts"
import type { SeededRandom } from "../../src/sim/dice.ts"
import type { Plausible } from "./plausible.ts"

interface Tally {
  readonly count: number
  readonly trail: ReadonlyArray<string>
}

type Cue =
  | { readonly type: "up"; readonly by: number }
  | { readonly type: "down" }
  | { readonly type: "turn" }
  | { readonly type: "later" }
  | { readonly type: "never" }
  | { readonly type: "end" }
  | { readonly type: "echo"; readonly count: number }
  | { readonly type: "stay" }

/** Says where it has been. */
const says = (where: string) => ({
  type: "close" as const,
  params: ({ context }: { readonly context: Tally }) => ({ link: context.count, reason: where }),
})

const words = setup({
  types: { input: {} as { readonly count: number }, context: {} as Tally, events: {} as Cue },
  actions: {
    ...commands("close", "measure"),
    up: assign(({ context }, { by }: { readonly by: number }) => ({ count: context.count + by })),
    down: assign({ count: ({ context }) => context.count - 1, trail: ({ context }) => [...context.trail, "down"].slice(-5) }),
    note: assign({ trail: ({ context, event }) => [...context.trail, event.type].slice(-5) }),
    echo: raise(({ context }) => ({ type: "echo", count: context.count }) as const),
    soon: raise({ type: "turn" }, { delay: "wait", id: "soon" }),
    notSoon: cancel("soon"),
  },
  guards: {
    isLarge: ({ context }) => context.count > 5,
    isLess: ({ context }, { than }: { readonly than: number }) => context.count < than,
    saysUp: ({ event }) => event.type === "up",
  },
  delays: { wait: ({ context }) => 100 + context.count, long: 5_000 },
})

export const everyFeature: Plausible = {
  input: (chance) => ({ count: chance.below(4) }),
  events: {
    up: (chance) => ({ type: "up", by: chance.below(4) }),
    down: () => ({ type: "down" }),
    turn: () => ({ type: "turn" }),
    later: () => ({ type: "later" }),
    never: () => ({ type: "never" }),
    stay: () => ({ type: "stay" }),
    end: () => ({ type: "end" }),
  },
  machine: words.createMachine({
    id: "every-feature",
    context: ({ input }) => ({ count: input.count, trail: [] }),
    initial: "low",
    states: {
      low: {
        entry: [says("low in"), "note"],
        exit: [says("low out"), "notSoon"],
        always: [{ guard: "isLarge", target: "high", actions: [says("too large"), "note"] }],
        after: { 1_000: { target: "low", reenter: true, actions: "note" }, long: "high" },
        on: {
          // several guards, the last one without
          up: [
            { guard: { type: "isLess", params: { than: 2 } }, actions: { type: "up", params: ({ event }) => event } },
            { guard: { type: "isLess", params: ({ event }) => ({ than: event.by }) }, target: "low", actions: "note" },
            { target: "high", actions: { type: "up", params: { by: 4 } } },
          ],
          down: { actions: ["down", "echo", "note"] },
          // itself, without leaving and with
          stay: { target: "low", actions: says("stays") },
          turn: { target: "low", reenter: true, actions: ["echo", says("turns")] },
          later: { actions: ["notSoon", "soon", "note"] },
          echo: { actions: [{ type: "measure", params: ({ event }) => ({ link: event.count }) }, "note"] },
          never: undefined,
          end: "over",
        },
      },
      high: {
        entry: ["echo", { type: "up", params: ({ event }) => ({ by: event.type === "echo" ? 1 : -2 }) }],
        exit: ["note", says("high out")],
        always: { guard: "saysUp", target: "low", actions: "down" },
        after: { wait: { target: "low", actions: says("waited") } },
        on: {
          echo: { guard: "isLarge", actions: "down" },
          turn: [{ guard: "isLarge", target: "over", actions: says("large at the end") }, { target: "low" }],
          later: { actions: ["notSoon", "soon", "notSoon", "soon"] },
          stay: { actions: [] },
          end: { target: "over", actions: ["echo", "notSoon", "soon"] },
        },
      },
      over: { type: "final", entry: [says("over in"), "note"], exit: [says("over out"), "notSoon"] },
    },
  }),
}

/** A flat machine of a few states, drawn. It comes to rest: `always` only leads from a state to a later one. */
export const randomMachine = (chance: SeededRandom): Plausible => {
  const states = Array.from({ length: 2 + chance.below(4) }, (_, i) => `s${i}`)
  const events = ["a", "b", "c", "d"]
  const some = <A>(most: number, make: () => A): ReadonlyArray<A> => Array.from({ length: chance.below(most + 1) }, make)

  const actions = (most: number) => some(most, action).flat()
  const action = () =>
    chance.pick<() => unknown>([
      () => ({ type: "close", params: { link: chance.below(100), reason: chance.pick(states) } }),
      () => ({
        type: "measure",
        params: ({ context, event }: { readonly context: Tally; readonly event: { readonly type: string } }) => ({
          link: context.count,
          event: event.type,
        }),
      }),
      () => ({ type: "up", params: { by: chance.below(3) } }),
      () => "down",
      () => "note",
      () => "notSoon",
      // XState keeps a timer that is set again without being cancelled; no machine of ours does that
      () => ["notSoon", "soon"],
    ])()
  const guard = () =>
    chance.pick<unknown>([undefined, undefined, "isLarge", "saysUp", { type: "isLess", params: { than: chance.below(6) } }])
  const edge = (targets: ReadonlyArray<string>) => ({
    ...(targets.length > 0 && chance.isTrue(0.7) && { target: chance.pick(targets) }),
    ...(chance.isTrue(0.3) && { reenter: true }),
    guard: guard(),
    // an event raised at once only here, so that nothing raises itself for ever
    actions: [...actions(3), ...(chance.isTrue(0.2) ? ["echo"] : [])],
  })
  const state = (name: string, index: number) => {
    const later = states.slice(index + 1)
    return {
      entry: actions(2),
      exit: actions(2),
      ...(later.length === 0 && chance.isTrue(0.7)
        ? { type: "final" }
        : {
            on: {
              ...Object.fromEntries(
                events
                  .filter(() => chance.isTrue(0.6))
                  .map((type) => [type, Array.from({ length: 1 + chance.below(2) }, () => edge(states))]),
              ),
              echo: { actions: actions(2), target: chance.isTrue(0.3) ? name : undefined },
            },
            ...(chance.isTrue(0.4) && { after: { [chance.pick(["wait", "long", "250"])]: edge(states) } }),
            ...(later.length > 0 &&
              chance.isTrue(0.5) && { always: some(2, () => ({ ...edge(later), target: chance.pick(later), actions: actions(2) })) }),
          }),
    }
  }
  const config = {
    id: "random",
    context: { count: chance.below(5), trail: [] },
    initial: chance.pick(states),
    states: Object.fromEntries(states.map((name, index) => [name, state(name, index)])),
  }
  return {
    input: () => ({}),
    events: Object.fromEntries([...events, "up", "echo"].map((type) => [type, () => ({ type, by: 1, count: 0 })])),
    machine: words.createMachine(config as never) as never,
  }
}
