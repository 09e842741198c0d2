/** The living actors of a node: one mailbox, and timers that end with who set them. On either engine. */
import { assign, setup } from "xstate"
import { describe, expect, it } from "vitest"
import { type Casting, type Command, commands } from "../../src/actors/command.ts"
import type { Reducer } from "../../src/actors/reducer.ts"
import { type ActorSystem, makeActorSystem } from "../../src/runtime/actor-system.ts"
import { compiledEngine } from "../../src/runtime/engine/compiled.ts"
import type { Engine, Logic } from "../../src/runtime/engine/engine.ts"
import { xstateEngine } from "../../src/runtime/engine/xstate.ts"
import { VirtualClock } from "../../src/sim/clock.ts"

/** Says where it is told, and passes a number on; ends at nothing. */
const counting = setup({
  types: {
    input: {} as { readonly id: string; readonly next: string },
    context: {} as { readonly id: string; readonly next: string; readonly count: number },
    events: {} as { readonly type: "count"; readonly count: number } | { readonly type: "end" },
  },
  actions: {
    ...commands("tell", "close"),
    take: assign((_, { count }: { readonly count: number }) => {
      if (Number.isNaN(count)) throw new Error("planted")
      return { count }
    }),
  },
  guards: { isOver: ({ context }) => context.count < 0 },
}).createMachine({
  id: "counting",
  context: ({ input }) => ({ ...input, count: 0 }),
  initial: "waiting",
  states: {
    waiting: {
      after: { 100: { target: "waiting", reenter: true, actions: { type: "close", params: { link: 0, reason: "waited" } } } },
      always: { guard: "isOver", target: "over" },
      on: {
        count: {
          actions: [
            { type: "take", params: ({ event }) => event },
            { type: "close", params: ({ context }) => ({ link: context.count, reason: context.id }) },
            { type: "tell", params: ({ context }) => ({ to: context.next, event: { type: "count", count: context.count - 1 } }) },
          ],
        },
        end: "over",
      },
    },
    over: { type: "final", entry: { type: "close", params: ({ context }) => ({ link: -1, reason: `${context.id} over` }) } },
  },
})

const listening: Reducer<unknown, { heard: number }, { readonly type: string }> = {
  id: "listening",
  begin: () => ({ heard: 0 }),
  step: (memory, event, say) => {
    memory.heard++
    if (event.type === "throw") throw new Error("planted")
    say({ type: "close", link: memory.heard, reason: `heard ${event.type}` })
  },
}

const engines: ReadonlyArray<Engine> = [compiledEngine, xstateEngine]

describe.each(engines)("actors on the $name engine", (engine) => {
  const stage = () => {
    const clock = new VirtualClock()
    const said: Array<string> = []
    const defects: Array<unknown> = []
    const logics: Partial<Record<Casting["actor"], Logic>> = { peer: counting, gossip: listening }
    const perform = (from: string, command: Command): void => {
      if (command.type === "tell") actors.tell(command.to as string, command.event)
      else if (command.type === "close") said.push(`${from}: ${command.reason} ${command.link}`)
    }
    const after = (delayMs: number, fire: () => void) => {
      const wakeup = clock.at(delayMs, fire)
      return { cancel: () => void (wakeup.fire = undefined) }
    }
    const actors: ActorSystem = makeActorSystem(
      engine,
      (kind) => logics[kind]!,
      after,
      perform,
      (error) => void defects.push(error),
    )
    const run = (untilMs: number) => {
      while (clock.nextMs <= untilMs) clock.step()
      clock.moveTo(untilMs)
    }
    const start = (id: string, next = "nobody") => actors.start({ actor: "peer", id, input: { id, next } })
    return { actors, said, defects, run, start, clock }
  }

  it("hear one thing at a time, in the order it was said", () => {
    const { actors, said, start } = stage()
    start("a", "b")
    start("b", "a")
    actors.tell("a", { type: "count", count: 2 })
    // the one that ends has passed the number on before
    expect(said).toEqual(["a: a 2", "b: b 1", "a: a 0", "b: b -1", "b: b over -1", "a: a -2", "a: a over -1"])
    start("c")
    actors.tell("c", { type: "count", count: 5 })
    expect([actors.isAlive("a"), actors.isAlive("c")]).toEqual([false, true])
    expect(actors.snapshot("c")).toMatchObject({ value: "waiting", context: { count: 5 } })
    expect(actors.snapshot("a")).toBe(undefined)
  })

  it("that nobody knows hear nothing, nor do those who ended", () => {
    const { actors, said, start } = stage()
    actors.tell("a", { type: "count", count: 1 })
    start("a")
    actors.tell("a", { type: "end" })
    actors.tell("a", { type: "count", count: 1 })
    expect(said).toEqual(["a: a over -1"])
    expect([...actors.ids()]).toEqual([])
  })

  it("take their timers with them when they end, are stopped, or are replaced", () => {
    const { actors, said, start, run, clock } = stage()
    for (const id of ["ends", "stopped", "stays", "replaced"]) start(id)
    run(50)
    start("replaced")
    actors.tell("ends", { type: "end" })
    actors.stop("stopped")
    actors.stop("nobody")
    said.length = 0
    run(149)
    expect(said).toEqual(["stays: waited 0"])
    run(150)
    expect(said).toEqual(["stays: waited 0", "replaced: waited 0"])
    actors.stopAll()
    expect([...actors.ids()]).toEqual([])
    said.length = 0
    run(10_000)
    expect(said).toEqual([])
    expect(clock.nextMs).toBe(Number.POSITIVE_INFINITY)
  })

  it("are called back later, unless they have ended by then", () => {
    const { actors, said, start, run } = stage()
    start("a")
    const called: Array<string> = []
    actors.later("a", 10, () => called.push("first"))
    actors.later("a", 10, () => called.push("second"))
    actors.later("a", 90, () => called.push("too late"))
    actors.later("nobody", 10, () => called.push("nobody"))
    run(20)
    actors.stop("a")
    start("a")
    run(99)
    expect([called, said]).toEqual([["first", "second"], []])
  })

  it("go on when one of them throws, and that is told", () => {
    const { actors, said, defects, start } = stage()
    start("a", "b")
    start("b", "nobody")
    actors.start({ actor: "gossip", id: "g", input: {} })
    actors.tell("g", { type: "throw" })
    actors.tell("a", { type: "count", count: Number.NaN })
    expect(defects.map((error) => (error as Error).message)).toEqual(["planted", "planted"])
    actors.tell("b", { type: "count", count: 7 })
    actors.tell("g", { type: "one" })
    expect(said.slice(-2)).toEqual(["b: b 7", "g: heard one 2"])
  })

  it("may be reducers", () => {
    const { actors, said } = stage()
    actors.start({ actor: "gossip", id: "g", input: {} })
    actors.tell("g", { type: "one" })
    actors.tell("g", { type: "two" })
    expect(said).toEqual(["g: heard one 1", "g: heard two 2"])
    expect(actors.snapshot("g")).toEqual({ value: "reducing", context: { heard: 2 } })
    actors.stop("g")
    actors.tell("g", { type: "three" })
    expect(said).toHaveLength(2)
  })
})
