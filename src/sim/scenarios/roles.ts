/**
 * All roles in one mesh that knows nothing but its bootnodes: full nodes find each other and hold everything, bootnodes and
 * gateways hold nothing, gateways and light nodes read what they do not hold from others.
 */
import { Effect, Exit } from "effect"
import type { Role } from "../../protocol/wire/message.ts"
import { Findings, type Home, Oracle, Traffic } from "../federated-findings.ts"
import type { FederatedSection, Scenario } from "../scenario.ts"
import { addressOf, type Stage } from "../stage.ts"
import { client, topics } from "../workload/clients.ts"
import type { Machine } from "../world.ts"

const joinMs = 30_000
const registeringMs = 10_000
const settlingMs = 60_000
/** Patience of a reader: longer than any peer is waited for. */
const readingMs = 3_000
const readsMax = 20
const searchesOfEach = 5
const invariant = "P14 roles"

export const roles: Scenario = {
  name: "roles",
  purpose: "who knows only a bootnode finds the mesh; who holds nothing can still be read from",
  defaults: { nodes: 30, records: 60, untilMs: joinMs + registeringMs + settlingMs, light: 0.2, gateways: 3, bootnodes: 2 },
  play: (stage) => {
    const traffic = new Traffic()
    const cast = castOf(stage, traffic)
    stage.run(joinMs)
    stage.registerMany(stage.options.records, registeringMs)
    stage.digests.calmFromMs = joinMs + registeringMs
    stage.run(Math.max(stage.options.untilMs, joinMs + registeringMs + settlingMs))
    for (const machine of [...cast.bootnode, ...cast.gateway]) holdsNothing(stage, machine)
    for (const machine of cast.bootnode) takesNoWrites(stage, machine)
    for (const machine of [...cast.gateway, ...cast.light]) readsThrough(stage, machine)
    const federated = searchesThrough(stage, [...cast.gateway, ...cast.light], traffic)
    return { gossip: stage.gossipSection(), digest: stage.digestSection(), ...(federated !== undefined && { federated }) }
  },
}

/** Bootnodes first; everybody else is told of them and of nobody else. */
const castOf = (stage: Stage, traffic: Traffic): Record<Role, ReadonlyArray<Machine>> => {
  const { bootnodes, gateways, light, nodes } = stage.options
  const machines = Array.from({ length: nodes }, () => stage.world.addMachine())
  const others = nodes - bootnodes - gateways
  const lights = Math.round(others * light)
  const cast = {
    bootnode: machines.slice(0, bootnodes),
    gateway: machines.slice(bootnodes, bootnodes + gateways),
    light: machines.slice(bootnodes + gateways, bootnodes + gateways + lights),
    full: machines.slice(bootnodes + gateways + lights),
  }
  const known = (cast.bootnode.length > 0 ? cast.bootnode : cast.full.slice(0, 1)).map((machine) => ({ address: addressOf(machine) }))
  for (const [role, members] of Object.entries(cast) as Array<[Role, ReadonlyArray<Machine>]>) {
    stage.drawn[role] = members.length
    for (const machine of members) {
      const bootstrap = known.filter(({ address }) => address.host !== machine.name)
      stage.world.boot(machine, stage.settings({ role, bootstrap, wantedPeers: 6, maxPeers: 15, indexes: true }), traffic.over(machine))
    }
  }
  return cast
}

/** Searches of those who do not hold everything: they are to find what all together hold, by those whom they ask. */
const searchesThrough = (stage: Stage, askers: ReadonlyArray<Machine>, traffic: Traffic): FederatedSection | undefined => {
  if (askers.length === 0) return undefined
  const homes = stage.world.machines.map((machine): Home => {
    const entries = stage.records.flatMap(({ client: { entityId } }) => stage.shownBy(machine, entityId) ?? [])
    return { machine, entries }
  })
  const entries = new Map(homes.flatMap((home) => home.entries.map((entry) => [entry.record.entity_id, entry])))
  const findings = new Findings(stage, new Oracle([...entries.values()]), homes, traffic)
  const fromMs = stage.world.clock.elapsedMs
  for (const [i, asker] of askers.entries())
    for (let j = 0; j < searchesOfEach; j++)
      stage.world.clock.at(j * readingMs + i, () => findings.ask(asker, topics[(i + j) % topics.length]!))
  stage.run(fromMs + (searchesOfEach + 1) * readingMs)
  return findings.section()
}

const holdsNothing = (stage: Stage, machine: Machine): void => {
  const held = stage.records.filter(({ client }) => stage.shownBy(machine, client.entityId) !== undefined)
  if (held.length > 0)
    stage.violate("safety", invariant, { node: machine.name, detail: `holds ${held.length} records, and should hold none` })
}

const takesNoWrites = (stage: Stage, machine: Machine): void => {
  const { registration } = client(stage.options.seed, stage.options.records + machine.index)
  const answer = stage.world.perform(machine, Effect.exit(machine.node!.service.registerEntity(registration)))
  const isForbidden = Exit.isFailure(answer) && JSON.stringify(answer.cause).includes("forbidden")
  if (!isForbidden) stage.violate("safety", invariant, { node: machine.name, detail: "took a registration" })
}

/** Some of the records, asked for at once. */
const readsThrough = (stage: Stage, machine: Machine): void => {
  const readings = stage.records
    .slice(0, readsMax)
    .map(({ client: who }) => ({ who, fiber: stage.world.fork(machine, machine.node!.service.entity(who.entityId)) }))
  stage.run(stage.world.clock.elapsedMs + readingMs)
  for (const { fiber, who } of readings) {
    const answer = fiber.pollUnsafe()
    if (answer === undefined || Exit.isFailure(answer))
      stage.violate("liveness", invariant, { node: machine.name, detail: `cannot read ${who.entityId}` })
  }
}
