/**
 * A mesh of both kinds: three of ten nodes are deployed ones (`deployed/node.ts`), in islands that only ours connect. What is
 * registered anywhere is readable everywhere, unless the limits of the deployed nodes alone explain it.
 *
 *     G ── G ── ours ── ours ── G        a word of the left G reaches all; one of ours does not reach the left G,
 *                 └──── ours ── G        because the G between them counts a hop
 */
import { idOf } from "../../protocol/identity/id.ts"
import { reconcilePeriodMs } from "../../protocol/limits.ts"
import type { EntityId } from "../../protocol/identity/id.ts"
import type { DeployedFindings, Fate } from "../deployed/node.ts"
import { drawMesh, type Mesh } from "../deployed/islands.ts"
import { type Placed, placeDeployed, type PlacedSettings } from "../deployed/place.ts"
import { type DeployedWord, DeployedWords, summaryOf } from "../deployed/words.ts"
import type { SeededRandom } from "../dice.ts"
import type { MixedSection, Scenario } from "../scenario.ts"
import { addressOf, type Stage } from "../stage.ts"
import { keepBeating } from "../workload/beats.ts"
import { client, topics } from "../workload/clients.ts"
import { lifecycle } from "../workload/lifecycle.ts"
import type { Machine } from "../world.ts"

const joinMs = 10_000
/** From the last word on: a deployed node that is stuck is free after 90 s, and then a late joiner like any other. */
const calmMs = 3 * reconcilePeriodMs
/** Numbers of clients of deployed nodes begin here. */
const deployedNumbers = 100_000
const searchEveryMs = 20_000
/** The filters of deployed nodes, made anew more often than by default: five minutes are most of a run. */
const rebuildEveryMs = 30_000
/** Of the deployed nodes these join when half of it is over, or lose their process for a while. */
const lateShare = 0.2
const restartShare = 0.2
const outageMs = 20_000
const invariant = "M1 healed mesh"
/** Of questions of deployed nodes; 1 of 300 is torn between its own two readers (`deployed/link.ts`), which is not owed. */
const answeredMin = 0.99

export const mixed: Scenario = {
  name: "mixed",
  purpose: "deployed nodes that know one hop, no catch-up and a search that hangs are a whole mesh with ours between them",
  defaults: { nodes: 20, records: 40, untilMs: 360_000, share: 0.3 },
  play: (stage) => {
    const deployed = Math.min(stage.options.nodes - 1, Math.round(stage.options.nodes * stage.options.share))
    const mesh = drawMesh(stage.world.random("topology"), stage.options.nodes - deployed, deployed, 6)
    const play = new Play(stage, mesh)
    const untilMs = Math.max(joinMs + 30_000, stage.options.untilMs - calmMs)
    stage.run(joinMs)
    play.live(joinMs, untilMs)
    play.disturb(joinMs, untilMs)
    play.searchUntil(untilMs)
    stage.digests.calmFromMs = untilMs
    keepBeating(stage, untilMs, untilMs + calmMs)
    stage.run(untilMs + calmMs)
    const section = play.judge()
    const gossip = { ...stage.gossipSection(), coverage: section.owed === 0 ? 1 : 1 - section.missing / section.owed }
    const digest = stage.digestSection()
    return { gossip, digest: { ...digest, unexplainedMissing: digest.unexplainedMissing + section.missing }, mixed: section }
  },
}

/** A node of either kind, as readers see it. */
interface Reader {
  readonly name: string
  /** The summary that it holds; `undefined` where it holds nothing. */
  readonly holds: (id: EntityId) => { readonly summary: string; readonly isTombstoned: boolean } | undefined
  readonly isDeployed: boolean
  /** What it did itself to the last word about an entity. */
  readonly lost: (id: EntityId) => string | undefined
  /** Is a deployed node linked with one of ours? Ours always are. */
  readonly hasDoor: boolean
}

/** A word of either kind of home. */
interface Owed {
  readonly id: EntityId
  readonly home: string
  readonly kind: DeployedWord["kind"]
  readonly summaries: ReadonlyArray<string>
  /** Did it come to ours? */
  readonly isOurs: boolean
}

class Play {
  readonly #stage: Stage
  readonly #mesh: Mesh
  readonly #ours: ReadonlyArray<Machine>
  readonly #placed: ReadonlyArray<Placed>
  readonly #words: DeployedWords
  /** Questions of those that know none of their kind, and why some were not answered. */
  #asked = 0
  readonly #unanswered = new Map<Fate, number>()

  constructor(stage: Stage, mesh: Mesh) {
    this.#stage = stage
    this.#mesh = mesh
    const { clock } = stage.world
    this.#words = new DeployedWords(
      () => clock.elapsedMs,
      (delayMs, act) => void clock.at(delayMs, act),
    )
    const count = stage.options.nodes - mesh.islands.length
    this.#ours = Array.from({ length: count }, () => stage.world.addMachine())
    const guests = mesh.islands.map((_, i) => stage.addGuest(`g${i}`))
    for (const machine of this.#ours)
      stage.world.boot(machine, stage.settings({ bootstrap: this.#dialledBy(machine, guests), dialect: "auto", indexes: true }))
    const random = stage.world.random("deployed")
    this.#placed = guests.map((machine, i) => this.#place(machine, i, guests, random))
    stage.drawn["deployed"] = guests.length
    stage.drawn["with a door"] = mesh.islands.filter(({ doors }) => doors.length > 0).length
  }

  #dialledBy(machine: Machine, guests: ReadonlyArray<Machine>) {
    const ours = this.#mesh.edges.flatMap(([dialler, listener]) => (dialler === machine.index ? [this.#ours[listener]!] : []))
    const deployed = this.#mesh.islands.flatMap(({ doors }, i) =>
      doors.some((door) => door.ours === machine.index && door.isDialledByUs) ? [guests[i]!] : [],
    )
    return [...ours, ...deployed].map((one) => ({ address: addressOf(one) }))
  }

  #place(machine: Machine, i: number, guests: ReadonlyArray<Machine>, random: SeededRandom): Placed {
    const { doors, neighbours } = this.#mesh.islands[i]!
    const addresses = (machines: ReadonlyArray<Machine>) => machines.map(({ name }) => `${name}:4001`)
    const known = addresses([...neighbours.map((at) => guests[at]!), ...doors.map(({ ours }) => this.#ours[ours]!)])
    const bootstrap = addresses([
      ...neighbours.filter((at) => at < i).map((at) => guests[at]!),
      ...doors.filter(({ isDialledByUs }) => !isDialledByUs).map(({ ours }) => this.#ours[ours]!),
    ])
    const settings: PlacedSettings = { bootstrap, expectedItems: 1_000, maxPeers: 15, rebuildEveryMs, told: this.#words.told }
    return placeDeployed(this.#stage.world, machine, settings, random.between(0, 5_000), (address) => known.includes(address))
  }

  // playing ----------------------------------------------------------------------------------------------------------

  /** Clients live their lives, at ours and at deployed nodes. */
  live(fromMs: number, untilMs: number): void {
    const { options, world } = this.#stage
    const there = this.#placed.length === 0 ? 0 : Math.round(options.records * options.share)
    lifecycle(this.#stage, options.records - there, fromMs, untilMs)
    const random = world.random("deployed lives")
    for (let number = deployedNumbers; number < deployedNumbers + there; number++) {
      const [home, atMs] = [random.pick(this.#placed), random.between(fromMs, untilMs)]
      if (this.#stage.acts(number)) this.#at(atMs, () => this.#liveAt(home, number, untilMs))
    }
  }

  #liveAt(home: Placed, number: number, untilMs: number): void {
    const { options, world } = this.#stage
    const random = world.random(`deployed life/${number}`)
    const say = (version: number, action: "register" | "update" | "deregister"): void => {
      if (!isUp(home)) return
      this.#words.say(home, client(options.seed, number, version), action)
      const fate = random.next()
      // some owners are quick, and say two things in one second; who returned in the second of the end would be gone for all
      const thinkingMs = action !== "deregister" && random.isTrue(0.2) ? 100 : random.between(3_000, 40_000)
      const next = world.clock.elapsedMs + thinkingMs
      if (next >= untilMs) return
      if (action === "deregister") {
        if (fate < 0.5) this.#at(next, () => say(version + 1, "register"))
      } else if (fate < 0.35) this.#at(next, () => say(version + 1, "update"))
      else if (fate < 0.6) this.#at(next, () => say(version, "deregister"))
    }
    say(0, "register")
  }

  /** Some deployed nodes lose their process for a while: what is said meanwhile they have to be told later. */
  disturb(fromMs: number, untilMs: number): void {
    const { world } = this.#stage
    const random = world.random("outages")
    for (const { machine } of this.#placed) {
      const [fate, atMs] = [random.next(), random.between(fromMs, untilMs - outageMs)]
      const beginMs = fate < lateShare ? fromMs : atMs
      const lastsMs = fate < lateShare ? (untilMs - fromMs) / 2 : outageMs
      if (fate >= lateShare + restartShare) continue
      this.#at(beginMs, () => world.takeDown(machine, {}))
      this.#at(beginMs + lastsMs, () => world.restart(machine))
    }
  }

  /** Every deployed node searches, again and again: with another deployed node that ends in silence. */
  searchUntil(untilMs: number): void {
    const { world } = this.#stage
    const random = world.random("searches")
    for (const [i, placed] of this.#placed.entries()) {
      const isLone = this.#mesh.islands[i]!.neighbours.length === 0
      for (let atMs = joinMs + random.between(0, searchEveryMs); atMs < untilMs; atMs += random.between(0.5, 1.5) * searchEveryMs) {
        const query = random.pick(topics)
        const note = ({ asked, silent }: DeployedFindings): void => {
          if (!isLone) return
          this.#asked += asked.length
          for (const fate of silent.values()) this.#unanswered.set(fate, (this.#unanswered.get(fate) ?? 0) + 1)
        }
        this.#at(atMs, () => isUp(placed) && placed.node().search({ query, max_results: 5 }, note))
      }
    }
  }

  #at(atMs: number, act: () => void): void {
    const { clock } = this.#stage.world
    clock.at(Math.max(0, atMs - clock.elapsedMs), act)
  }

  // judging ----------------------------------------------------------------------------------------------------------

  /** What is not as it is owed is a violation; the rest is counted by the limit that explains it. */
  judge(): MixedSection {
    const readers = [
      ...this.#stage.honest().map((machine) => this.#oursAsReader(machine)),
      ...this.#placed.map((one, i) => this.#asReader(one, i)),
    ]
    const explained: Record<string, number> = {}
    let [owed, missing] = [0, 0]
    for (const word of this.#allWords())
      for (const reader of readers) {
        const held = reader.holds(word.id)
        const shown = held?.isTombstoned === false ? held.summary : undefined
        const isRight = word.kind === "deleted" ? shown === undefined : shown !== undefined && word.summaries.includes(shown)
        const why = isRight ? undefined : explanationOf(word, reader, held)
        if (why !== undefined) {
          explained[why] = (explained[why] ?? 0) + 1
          continue
        }
        owed++
        if (isRight) continue
        missing++
        const detail = `shows ${shown === undefined ? "nothing" : `"${shown}"`} of ${word.id}, ${word.kind} at ${word.home}`
        this.#stage.violate("liveness", invariant, { node: reader.name, detail })
      }
    this.#judgeLinks()
    const asked = this.#asked
    const unanswered = [...this.#unanswered.values()].reduce((sum, some) => sum + some, 0)
    const lost = unanswered - (this.#unanswered.get("torn") ?? 0)
    // of few questions one is more than a hundredth
    if (lost > Math.max(1, (1 - answeredMin) * asked))
      this.#stage.violate("liveness", "M2 searches answered", {
        node: "all",
        detail: `${lost} of ${asked} questions were not answered, though nothing tore them`,
      })
    return {
      deployed: this.#placed.length,
      owed,
      missing,
      explained,
      asked,
      answered: asked === 0 ? 1 : 1 - unanswered / asked,
      unanswered: Object.fromEntries(this.#unanswered),
    }
  }

  /** At rest every deployed node lists its doors, lives, and can write to them. */
  #judgeLinks(): void {
    for (const [i, placed] of this.#placed.entries()) {
      const node = placed.node()
      const report = (detail: string) => this.#stage.violate("liveness", invariant, { node: placed.machine.name, detail })
      if (node.diedOf !== undefined)
        this.#stage.violate("safety", invariant, { node: placed.machine.name, detail: `ended by ${node.diedOf}` })
      for (const door of this.#mesh.islands[i]!.doors) {
        const machine = this.#ours[door.ours]!
        const link = node.conns.get(idOf("registry", machine.key))
        if (link === undefined) report(`does not list ${machine.name}`)
        else if (link.isLocked) report(`cannot write to ${machine.name}`)
      }
    }
  }

  #oursAsReader(machine: Machine): Reader {
    const holds = (id: EntityId) => {
      const shown = this.#stage.shownBy(machine, id)
      return shown === undefined ? undefined : { summary: shown.record.summary, isTombstoned: false }
    }
    return { name: machine.name, holds, isDeployed: false, lost: () => undefined, hasDoor: true }
  }

  #asReader({ machine, node }: Placed, i: number): Reader {
    const holds = (id: EntityId) => node().records.entity(id)
    const lost = (id: EntityId): string | undefined => {
      if (node().records.outrun.has(id)) return "it looks at no time: an older word came last, by another link"
      return node().records.swallowed.has(id) ? "a question of its own took the word for its answer" : undefined
    }
    return { name: machine.name, holds, isDeployed: true, lost, hasDoor: this.#mesh.islands[i]!.doors.length > 0 }
  }

  #allWords(): ReadonlyArray<Owed> {
    const ours = this.#stage.ledger.all().map(({ client: who, home, kind }): Owed => {
      return { id: who.entityId, home: home.name, kind, summaries: kind === "deleted" ? [] : [summaryOf(who)], isOurs: true }
    })
    return [...ours, ...this.#words.all().map((word) => this.#owedOf(word))]
  }

  #owedOf(word: DeployedWord): Owed {
    const { client: who, home, kind, summaries } = word
    return { id: who.entityId, home: home.machine.name, kind, summaries, isOurs: this.#cameToOurs(word) }
  }

  /** It was told to one of ours; or one of ours shows it, whoever brought it. */
  #cameToOurs({ client: who, kind, summaries, told }: DeployedWord): boolean {
    const isKnown = () =>
      this.#stage.honest().some((machine) => {
        const shown = this.#stage.shownBy(machine, who.entityId)
        return kind === "registered" && shown !== undefined && summaries.includes(shown.record.summary)
      })
    const deployed = new Set<string>(this.#placed.map(({ machine }) => idOf("registry", machine.key)))
    return [...told].some((id) => !deployed.has(id)) || isKnown()
  }
}

const isUp = ({ machine, node }: Placed): boolean => machine.outages.length === 0 && node().diedOf === undefined

/** The limit of deployed nodes that explains why a word is not shown. */
const explanationOf = (
  { home, id, isOurs, kind, summaries }: Owed,
  { hasDoor, isDeployed, lost, name }: Reader,
  held: ReturnType<Reader["holds"]>,
): string | undefined => {
  if (!isOurs && name !== home) return "told to nobody of ours, and no catch-up"
  if (isDeployed && !hasDoor) return "one hop: it has no door to ours"
  if (isDeployed && kind === "deleted" && summaries.includes(held?.summary ?? "")) return "two words in one second are one"
  // it took the new registration, but what was deleted once stays so
  if (isDeployed && kind === "registered" && held?.isTombstoned === true && summaries.includes(held.summary)) return "its tombstones stay"
  return lost(id)
}
