/** What a search's text asks for: an id, or terms with their weights and phrases (registry page, "Search & ranking"). */
import { type EntityId, readEntityId } from "../identity/id.ts"
import { queryPhrasesMax, queryTermsMax } from "../limits.ts"
import { type Synonyms, synonymsDefault, synonymWeight } from "./synonyms.ts"
import { isCompound, termOf, wordsOf } from "./tokens.ts"

export interface ParsedQuery {
  readonly text: string
  /** The text is an entity's id, in either spelling, and nothing else. */
  readonly id?: EntityId
  /** Term → how often it was said; a synonym's share of it. In the order they were said. */
  readonly terms: ReadonlyMap<string, number>
  /** Words, without compounds' wholes, that must follow each other. */
  readonly phrases: ReadonlyArray<ReadonlyArray<string>>
}

export const parseQuery = (asked: string, synonyms: Synonyms = synonymsDefault): ParsedQuery => {
  const text = asked.trim()
  const id = readEntityId(text)
  if (id !== undefined) return { text, id, terms: new Map(), phrases: [] }
  const terms = new Map<string, number>()
  const add = (word: string, weight: number) => {
    const term = termOf(word)
    if (term !== undefined && (terms.has(term) || terms.size < queryTermsMax)) terms.set(term, (terms.get(term) ?? 0) + weight)
  }
  const words = wordsOf(text)
  for (const word of words) add(word, 1)
  for (const word of words) for (const other of synonyms.get(word) ?? []) add(other, synonymWeight)
  return { text, terms, phrases: phrasesIn(text) }
}

/** What stands between two quotation marks; one that is left over means nothing. A phrase without any term is none. */
const phrasesIn = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  Array.from(text.matchAll(/"([^"]*)"/g), ([, inside]) => wordsOf(inside!).filter((word) => !isCompound(word)))
    .filter((words) => words.some((word) => termOf(word) !== undefined))
    .slice(0, queryPhrasesMax)
