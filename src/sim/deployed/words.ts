/**
 * The ledger of what clients were told at deployed nodes, and of what the limits of those nodes alone explain.
 *
 * A deployed node tells an announcement once, to those it is linked with at that moment, and never again; what it passes on
 * counts a hop that is signed, so the next of its kind drops it. So a word that no link carried to one of ours is lost, and it
 * is nobody's fault here. What reached one of ours is owed to all of ours, and to every deployed node that has a door to ours.
 */
import type { Client } from "../workload/clients.ts"
import type { DeployedAnnouncement } from "./announcement.ts"
import type { Link } from "./link.ts"
import type { Placed } from "./place.ts"

/** The last word about one entity that is at home at a deployed node. */
export interface DeployedWord {
  readonly kind: "registered" | "deleted"
  readonly client: Client
  readonly home: Placed
  readonly atMs: number
  /** What may be shown: what it says, and what was said before in the same second, for a deployed node takes the first that it hears. */
  readonly summaries: ReadonlyArray<string>
  /** To peers by id, over links that lived on long enough for it to arrive. */
  readonly told: Set<string>
}

export const summaryOf = ({ registration }: Client): string => registration["summary"] as string

/** The announcement that a deployed node makes of a client's request. */
export const announcementOf = (
  { entityId, registration }: Client,
  action: "register" | "update" | "deregister",
): Partial<DeployedAnnouncement> => {
  const { category, developer_id, developer_proof, entity_type, entity_url, name, summary, tags } =
    registration as unknown as DeployedAnnouncement
  const developer_public_key = developer_proof!.developer_public_key
  const said = { name, category, tags, summary, entity_url, entity_type, developer_id, developer_public_key, developer_proof }
  return { type: "agent_announce", action, entity_id: entityId, ...said }
}

/** So long after it was written a link has to live for us to say that the frame arrived. */
const arrivesMs = 5_000

export class DeployedWords {
  readonly #words = new Map<string, DeployedWord>()
  readonly #after: (delayMs: number, act: () => void) => void
  readonly #nowMs: () => number
  count = 0

  constructor(nowMs: () => number, after: (delayMs: number, act: () => void) => void) {
    this.#nowMs = nowMs
    this.#after = after
  }

  /** A client asks a deployed node; it says so to its peers, as far as it can write to them. */
  say(home: Placed, client: Client, action: "register" | "update" | "deregister"): DeployedWord {
    const before = this.#words.get(client.entityId)
    const atMs = this.#nowMs()
    const isSameSecond = before !== undefined && Math.floor(before.atMs / 1_000) === Math.floor(atMs / 1_000)
    const word: DeployedWord = {
      kind: action === "deregister" ? "deleted" : "registered",
      client,
      home,
      atMs,
      summaries: [...(action === "deregister" ? [] : [summaryOf(client)]), ...(isSameSecond ? before.summaries : [])],
      told: new Set(),
    }
    this.#words.set(client.entityId, word)
    this.count++
    home.node().say(announcementOf(client, action))
    return word
  }

  /** Of one of its own announcements: it was written to this peer. */
  readonly told = (said: DeployedAnnouncement, link: Link): void => {
    const word = this.#words.get(said.entity_id)
    if (word === undefined || summaryOf(word.client) !== said.summary) return
    this.#after(arrivesMs, () => void (link.isOpen && word.told.add(link.registryId)))
  }

  all(): ReadonlyArray<DeployedWord> {
    return [...this.#words.values()]
  }
}
