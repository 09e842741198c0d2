/**
 * What a federated query asks, and which words of an entity are in its home's filter (mesh page, "Federated search").
 *
 * Items of a filter are of two kinds. For the deployed node: lower-cased words of name and summary, the category, each tag
 * (a filter serves both dialects). For ours: the terms of the index with what they count in the ranking (`bm25.ts`), so that a
 * peer whose entities are about a word is told from one that mentions it; and the ids of entity and developer.
 */
import { lower as lowerPlain } from "../agentdns/filter.ts"
import { fieldBoosts } from "./bm25.ts"
import { capabilityKinds, type IndexedEntity } from "./entity.ts"
import { parseQuery } from "./query.ts"
import { termOf, termsOf } from "./tokens.ts"

/** As a search asks it (reference 4.1), without what only the asker can judge. Absent members do not filter. */
export interface Question {
  readonly query?: string
  readonly category?: string
  readonly tags?: ReadonlyArray<string>
  readonly skills?: ReadonlyArray<string>
  readonly protocols?: ReadonlyArray<string>
  readonly languages?: ReadonlyArray<string>
  readonly models?: ReadonlyArray<string>
  readonly developer_id?: string
  readonly entity_type?: string
  readonly status?: string
}

export const questionTexts = ["query", "category", "developer_id", "entity_type", "status"] as const
export const questionLists = ["tags", ...capabilityKinds] as const

/** The question in a request that may say more. */
export const questionOf = (request: Question): Question => {
  const question: Record<string, unknown> = {}
  for (const name of [...questionTexts, ...questionLists]) if (request[name] !== undefined) question[name] = request[name]
  return question
}

/** What an entity's home puts into its filter, and what each is worth to who looks for it: 0 where it is there or not. */
export type Items = ReadonlyMap<string, number>

export const itemsOf = ({ capabilities, category, developerId, id, name, summary, tags }: IndexedEntity): Items => {
  const items = new Map<string, number>()
  const [inName, inTags, inCategory, inSummary] = fieldBoosts
  const count = (texts: ReadonlyArray<string>, boost: number) => {
    for (const term of texts.flatMap(termsOf)) items.set(term, (items.get(term) ?? 0) + boost)
  }
  count([name], inName)
  count(tags, inTags)
  count([category], inCategory)
  count([summary], inSummary)
  const others = [
    ...plainWords(`${name} ${summary}`),
    ...[category, ...tags, ...Object.values(capabilities).flat()].map(lower),
    id,
    developerId,
  ]
  for (const other of others) if (!items.has(other)) items.set(other, 0)
  return items
}

const lower = (text: string): string => text.toLowerCase()

/** As the deployed node splits: ASCII letters, digits, `-` and `_`, two bytes at least. */
const plainWords = (text: string): ReadonlyArray<string> => text.toLowerCase().match(/[a-z0-9_-]{2,}/g) ?? []

/** What a filter is asked. */
export interface Wanted {
  /** Words, and how often they were said: the more of them, and the rarer, the better. */
  readonly terms: ReadonlyArray<{ readonly term: string; readonly weight: number; readonly words: ReadonlyArray<string> }>
  /** Each of these has to be there; of the alternatives in one, any. */
  readonly required: ReadonlyArray<ReadonlyArray<string>>
  /** The same in the words of filters that have no stems, no ids and no capabilities. */
  readonly plain: ReadonlyArray<ReadonlyArray<string>>
}

export const wantedBy = (question: Question): Wanted => {
  const { category, developer_id, query = "", tags = [] } = question
  const parsed = parseQuery(query)
  const lists = [tags, ...capabilityKinds.map((kind) => question[kind] ?? [])].filter((list) => list.length > 0)
  return {
    terms: [...parsed.terms].map(([term, weight]) => ({ term, weight, words: plainWords(query).filter((word) => termOf(word) === term) })),
    required: [
      ...(parsed.id === undefined ? [] : [[parsed.id as string]]),
      ...(category === undefined ? [] : [[category.toLowerCase()]]),
      ...lists.map((list) => list.map((value) => value.toLowerCase())),
      ...(developer_id === undefined ? [] : [[developer_id]]),
    ],
    plain: [...(category === undefined ? [] : [[lowerPlain(category)]]), ...(tags.length === 0 ? [] : [tags.map(lowerPlain)])],
  }
}
