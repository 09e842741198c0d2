/**
 * Nodes of one's own: each tells its neighbours the largest number it has heard of, until all know the largest of all. No
 * registry, no actors: a program over the ports of a simulated machine.
 *
 *     node examples/sim/own-nodes.ts           npm run sim -- examples/sim/own-nodes.ts --nodes 30 --seeds 1..20
 */
import { Effect } from "effect"
import { addressOf, type Connection, type Machine, run, scenario, Transport } from "../../src/sim/index.ts"

const node = (largest: Array<number>, self: number, neighbours: ReadonlyArray<Machine>) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const open = new Set<Connection>()
    const tell = (connection: Connection) => connection.write(Uint8Array.of(largest[self]!))
    const meet = (connection: Connection): void => {
      open.add(connection)
      const hear = ([number = 0]: Uint8Array): void => {
        if (number <= largest[self]!) return
        largest[self] = number
        open.forEach(tell)
      }
      connection.open({ bytes: hear, closed: () => open.delete(connection) })
      tell(connection)
    }
    yield* transport.listen(meet)
    for (const neighbour of neighbours) meet(yield* transport.dial(addressOf(neighbour)))
  }).pipe(Effect.orDie)

const own = scenario("own-nodes", "the largest number is known to all in the end", (stage) => {
  const machines = Array.from({ length: stage.options.nodes }, () => stage.world.addMachine())
  const numbers = stage.world.random("numbers")
  const largest = machines.map(() => numbers.below(250))
  const most = Math.max(...largest)
  const after = (machine: Machine, places: number) => machines[(machine.index + places) % machines.length]!
  for (const machine of machines) stage.world.start(machine, node(largest, machine.index, [after(machine, 1), after(machine, 5)]))
  stage.run(stage.options.untilMs)
  const late = machines.filter(({ index }) => largest[index] !== most)
  for (const { name } of late) stage.violate("liveness", "the largest is known", { node: name, detail: `does not know ${most}` })
  return {}
})

export default own

if (import.meta.main) console.log(run(own, { nodes: 12, untilMs: 20_000, seed: 7 }))
