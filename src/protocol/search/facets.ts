/** What entities can be filtered by, beside the words: each filter as a question about a slot. */
import { type Documents, kindsPassing } from "./documents.ts"
import { capabilityKinds, type Filters, type IndexedEntity } from "./entity.ts"
import { Interner } from "./interner.ts"
import { Postings } from "./postings.ts"
import { Sequences } from "./sequences.ts"

export class Facets {
  readonly #names = new Interner()
  /** By facet. */
  readonly #postings: Array<Postings> = []
  /** By slot: its facets. */
  readonly #held = new Sequences()

  put(slot: number, entity: IndexedEntity): void {
    const names = new Set(entity.tags.map((tag) => facet("tags", tag)))
    for (const kind of capabilityKinds) for (const one of entity.capabilities[kind] ?? []) names.add(facet(kind, one))
    const numbers = Array.from(names, (name) => this.#names.take(name))
    for (const number of numbers) (this.#postings[number] ??= new Postings("")).add(slot, 0)
    this.#held.put(slot, numbers)
  }

  remove(slot: number): void {
    for (const number of this.#held.of(slot)) {
      this.#postings[number]!.remove(slot)
      if (this.#names.leave(number)) this.#postings[number] = new Postings("")
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
    for (const kind of ["tags", ...capabilityKinds] as const) {
      const wanted = filters[kind] ?? []
      if (wanted.length === 0) continue
      const marked = this.#mark(
        kind === "skills" ? [...wanted.map(named(kind)), ...wanted.map(named("tags"))] : wanted.map(named(kind)),
        documents.end,
      )
      questions.push((slot) => marked[slot] === 1)
    }
    if (questions.length === 0) return undefined
    return questions.length === 1 ? questions[0] : (slot) => questions.every((passes) => passes(slot))
  }

  /** The slots with any of these facets. */
  #mark(names: ReadonlyArray<string>, end: number): Uint8Array {
    const marked = new Uint8Array(end)
    for (const name of names) {
      const number = this.#names.find(name)
      if (number === undefined) continue
      const { pairs, size } = this.#postings[number]!
      for (let i = 0; i < 2 * size; i += 2) marked[pairs[i]!] = 1
    }
    return marked
  }
}

const facet = (kind: string, value: string): string => `${kind}:${value.toLowerCase()}`
const named = (kind: string) => (value: string) => facet(kind, value)
