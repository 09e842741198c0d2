/**
 * Nodes of one's own: each tells its neighbours the largest number it has heard of, until all know the largest of all. No
 * registry, no actors: a program over the ports of a simulated machine.
 *
 *     node examples/sim/own-nodes.ts           npm run sim -- examples/sim/own-nodes.ts --nodes 30 --seeds 1..20
 */
import { Effect } from "effect"
import { addressOf, type Connection, type Machine, run, scenario, type Stage, Transport } from "../../src/sim/index.ts"

const node = (known: Array<number>, self: number, neighbours: ReadonlyArray<Machine>) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const open: Array<Connection> = []
    const tell = (connection: Connection) => connection.write(Uint8Array.of(known[self]!))
    const hear = ([number = 0]: Uint8Array) => {
      if (number <= known[self]!) return
      known[self] = number
      open.forEach(tell)
    }
    const meet = (connection: Connection) => {
      open.push(connection)
      connection.open({ bytes: hear, closed: () => {} })
      tell(connection)
    }
    yield* transport.listen(meet)
    for (const neighbour of neighbours) meet(yield* transport.dial(addressOf(neighbour)))
  }).pipe(Effect.orDie)

const play = (stage: Stage) => {
  const machines = Array.from({ length: stage.options.nodes }, () => stage.world.addMachine())
  const numbers = stage.world.random("numbers")
  const known = machines.map(() => numbers.below(250))
  const after = (machine: Machine, places: number) => machines[(machine.index + places) % machines.length]!
  for (const one of machines) stage.world.start(one, node(known, one.index, [after(one, 1), after(one, 5)]))
  stage.run(stage.options.untilMs)
  for (const { index, name } of machines)
    if (known[index]! < Math.max(...known)) stage.violate("liveness", "the largest is known", { node: name, detail: "does not know it" })
  return {}
}

const own = scenario("own-nodes", "the largest number is known to all in the end", play)
export default own
if (import.meta.main) console.log(run(own, { nodes: 12, untilMs: 20_000, seed: 7 }))
