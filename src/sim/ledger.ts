/**
 * The ledger: what clients were told. For every entity the last word that was acknowledged, at which home, and when; and
 * which of these words a fault has explained away.
 *
 * A registration may end with the disk of its home, and a deletion that nobody else had heard of: all else has to arrive.
 */
import { Exit } from "effect"
import { type EntityId, idOf } from "../protocol/identity/id.ts"
import type { Client } from "./workload/clients.ts"
import type { Machine, World } from "./world.ts"

/** The last acknowledged word about one entity. */
export interface Word {
  readonly kind: "registered" | "deleted"
  /** What the client signed. */
  readonly client: Client
  readonly home: Machine
  /** When the client was answered. */
  readonly atMs: number
  /** Id of the announcement that carries it. */
  readonly announcement: string | undefined
}

export class Ledger {
  readonly #world: World
  readonly #words = new Map<string, Word>()
  /** Everything each client ever signed and asked for, answered or not. */
  readonly #asked = new Map<string, Array<Client>>()
  /** Requests that were not answered yet, by entity. */
  readonly #open = new Map<string, number>()
  readonly #explained = new Map<string, string>()
  readonly #buried = new Map<Word, Set<number>>()
  /** Words so far. */
  count = 0

  constructor(world: World) {
    this.#world = world
  }

  /** A client is about to ask: from now on this may be shown, whatever comes of the request. */
  ask(client: Client): void {
    const asked = this.#asked.get(client.entityId) ?? []
    this.#asked.set(client.entityId, asked)
    if (!asked.some(({ version }) => version === client.version)) asked.push(client)
  }

  /** A request about an entity is under way; what comes back is to be called when it is answered. Until then it may have either outcome. */
  await(subject: string): () => void {
    this.#open.set(subject, (this.#open.get(subject) ?? 0) + 1)
    return () => void this.#open.set(subject, this.#open.get(subject)! - 1)
  }

  acknowledge(kind: Word["kind"], client: Client, home: Machine): Word {
    const registryId = idOf("registry", home.key)
    const own = this.#slotsOf(home, client.entityId).find(({ origin }) => origin === registryId)
    const word: Word = { kind, client, home, atMs: this.#world.clock.elapsedMs, announcement: own?.id }
    this.#words.set(client.entityId, word)
    this.#explained.delete(client.entityId)
    this.count++
    return word
  }

  wordOn(subject: string): Word | undefined {
    return this.#words.get(subject)
  }

  /** All that this entity ever signed. */
  signedBy(subject: string): ReadonlyArray<Client> {
    return this.#asked.get(subject) ?? []
  }

  all(): ReadonlyArray<Word> {
    return [...this.#words.values()]
  }

  words(kind: Word["kind"]): ReadonlyArray<Word> {
    return this.all().filter((word) => word.kind === kind)
  }

  /**
   * A disk is lost: its home knows nothing of what it registered, and says so (`runtime/own-words.ts`). A deletion stays
   * one, unless nobody else has heard of it.
   */
  loseDisk(machine: Machine, others: ReadonlyArray<Machine>): void {
    for (const machines of this.#buried.values()) machines.delete(machine.index)
    for (const [subject, word] of this.#words) {
      if (word.home.index !== machine.index) continue
      const isKnown = others.some((other) => other.index !== machine.index && this.knows(other, word))
      if (word.kind === "registered" || !isKnown)
        this.#explained.set(subject, `lost with the disk of ${machine.name} at ${this.#world.clock.elapsedMs} ms`)
    }
  }

  /** Has this word arrived there? */
  knows(machine: Machine, { client, announcement }: Word): boolean {
    return announcement !== undefined && this.#holds(machine, client.entityId, announcement)
  }

  /** This machine showed the deletion. */
  bury(word: Word, { index }: Machine): void {
    const machines = this.#buried.get(word) ?? new Set()
    this.#buried.set(word, machines.add(index))
  }

  isBuried(word: Word, { index }: Machine): boolean {
    return this.#buried.get(word)?.has(index) === true
  }

  /** Why this word need not be everywhere; `undefined`: it must be. */
  explanationOf({ client: { entityId } }: Word): string | undefined {
    return (this.#open.get(entityId) ?? 0) > 0 ? "a request about it was never answered" : this.#explained.get(entityId)
  }

  #holds(machine: Machine, subject: string, announcement: string): boolean {
    return this.#slotsOf(machine, subject).some(({ id }) => id === announcement)
  }

  #slotsOf(machine: Machine, subject: string) {
    const exit = this.#world.look(machine.store.slots(subject as EntityId))
    return Exit.isSuccess(exit) ? exit.value : []
  }
}
