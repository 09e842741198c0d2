/** What entities can be filtered by, beside the words: each filter as a question about a slot. */
import { type Documents, kindsPassing } from "./documents.ts"
import { capabilityKinds, type Filters, type IndexedEntity } from "./entity.ts"
import { Interner } from "./interner.ts"
import { Postings } from "./postings.ts"
import { Sequences } from "./sequences.ts"

const kinds = ["tags", ...capabilityKinds] as const
type Kind = (typeof kinds)[number]

/** The values of one kind, and where each of them stands. */
class Values {
  readonly names = new Interner()
  /** By number of a name. */
  readonly postings: Array<Postings> = []
}

export class Facets {
  readonly #values = kinds.map(() => new Values())
  /** By slot: its facets, each as its number among its kind × how many kinds + kind. */
  readonly #held = new Sequences()

  put(slot: number, entity: IndexedEntity): void {
    const held: Array<number> = []
    for (let kind = 0; kind < kinds.length; kind++) {
      const { names, postings } = this.#values[kind]!
      for (const value of told(entity, kinds[kind]!)) {
        const number = names.take(value.toLowerCase())
        const facet = number * kinds.length + kind
        if (held.includes(facet)) names.leave(number)
        else {
          held.push(facet)
          ;(postings[number] ??= new Postings("")).add(slot, 0)
        }
      }
    }
    this.#held.put(slot, held)
  }

  remove(slot: number): void {
    for (const facet of this.#held.of(slot)) {
      const { names, postings } = this.#values[facet % kinds.length]!
      const number = Math.floor(facet / kinds.length)
      postings[number]!.remove(slot)
      if (names.leave(number)) postings[number] = new Postings("")
    }
    this.#held.remove(slot)
  }

  /** Does a slot pass every filter? `undefined`: there is none. `trust` is that of registries, by their number. */
  sieve(filters: Filters, documents: Documents, trust: ReadonlyArray<number>): ((slot: number) => boolean) | undefined {
    const { category, developers, entityType, minTrust = 0, status } = filters
    const questions: Array<(slot: number) => boolean> = []
    if (entityType !== undefined || status !== undefined) {
      const passing = kindsPassing(entityType, status)
      questions.push((slot) => passing[documents.kind[slot]!] === 1)
    }
    if (category !== undefined) {
      const wanted = documents.categories.find(category)
      questions.push((slot) => documents.category[slot] === wanted)
    }
    if (developers !== undefined) {
      const wanted = new Set(developers.map((each) => documents.developers.find(each)))
      questions.push((slot) => wanted.has(documents.developer[slot]))
    }
    if (minTrust > 0) questions.push((slot) => trust[documents.home[slot]!]! >= minTrust)
    for (const kind of kinds) {
      const wanted = filters[kind] ?? []
      if (wanted.length === 0) continue
      const marked = new Uint8Array(documents.end)
      this.#mark(kind, wanted, marked)
      if (kind === "skills") this.#mark("tags", wanted, marked)
      questions.push((slot) => marked[slot] === 1)
    }
    if (questions.length === 0) return undefined
    return questions.length === 1 ? questions[0] : (slot) => questions.every((passes) => passes(slot))
  }

  /** The slots with any of these. */
  #mark(kind: Kind, wanted: ReadonlyArray<string>, marked: Uint8Array): void {
    const { names, postings } = this.#values[kinds.indexOf(kind)]!
    for (const value of wanted) {
      const number = names.find(value.toLowerCase())
      if (number === undefined) continue
      const { pairs, size } = postings[number]!
      for (let i = 0; i < 2 * size; i += 2) marked[pairs[i]!] = 1
    }
  }
}

const told = (entity: IndexedEntity, kind: Kind): ReadonlyArray<string> =>
  kind === "tags" ? entity.tags : (entity.capabilities[kind] ?? [])
