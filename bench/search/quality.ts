/**
 * `npm run bench -- search-quality [--corpus FILE] [--json FILE]`: how good the order of results is, on any collection in the
 * form of the Text Retrieval Conference, so that anybody can run a public one.
 *
 *     documents.trec   <DOC> <DOCNO>d1</DOCNO> <TITLE>…</TITLE> <TEXT>…</TEXT> </DOC>
 *     topics.trec      <top> <num> Number: 1 <title> … </top>
 *     qrels.txt        1 0 d1 2              topic, ignored, document, grade (0: not relevant)
 *
 * `--corpus` names the directory of the three files, or the documents, beside which the others are. Without it the small
 * collection of this repository is measured, which was made for the purpose. A title is indexed as a name and a text as a
 * summary, whole. nDCG@10 with gains 2^grade − 1, MAP over all that is found.
 */
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import MiniSearch from "minisearch"
import type { IndexedEntity } from "../../src/protocol/search/entity.ts"
import { type Ranking, rankingDefault } from "../../src/protocol/search/ranking.ts"
import { SearchIndex } from "../../src/protocol/search/search-index.ts"

interface Collection {
  readonly documents: ReadonlyArray<{ readonly id: string; readonly title: string; readonly text: string }>
  readonly topics: ReadonlyArray<{ readonly number: string; readonly text: string }>
  /** Topic → document → grade. */
  readonly grades: ReadonlyMap<string, ReadonlyMap<string, number>>
}

export interface Quality {
  readonly ndcg10: number
  readonly map: number
}

/** The exit code. */
export const measureQuality = (argv: ReadonlyArray<string>): number => {
  const options = new Map<string, string>()
  for (let i = 0; i < argv.length; i += 2) {
    const [name, value] = [argv[i]!, argv[i + 1]]
    if (!["--corpus", "--json"].includes(name) || value === undefined) {
      console.error("search-quality [--corpus DIRECTORY or DOCUMENTS] [--json FILE]")
      return 1
    }
    options.set(name, value)
  }
  let collection: Collection
  try {
    collection = readCollection(options.get("--corpus") ?? new URL("./collection", import.meta.url).pathname)
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return 1
  }
  const { documents, grades, topics } = collection
  console.log(
    `${documents.length} documents, ${topics.length} topics, ${[...grades.values()].reduce((sum, { size }) => sum + size, 0)} judgements`,
  )
  const results = searchers.map(([name, make]) => ({ name, ...qualityOf(collection, make(documents)) }))
  for (const { map, name, ndcg10 } of results) console.log(`${name.padEnd(28)} nDCG@10 ${ndcg10.toFixed(4)}   MAP ${map.toFixed(4)}`)
  const file = options.get("--json")
  if (file !== undefined) writeFileSync(file, `${JSON.stringify({ results }, null, 1)}\n`)
  return 0
}

/** Ids, best first. */
type Search = (text: string) => ReadonlyArray<string>
type Make = (documents: Collection["documents"]) => Search

const nowMs = 1_780_000_000_000

const ours =
  (ranking: Ranking): Make =>
  (documents) => {
    const index = new SearchIndex({ ranking })
    for (const { id, text, title } of documents) index.put({ ...neutral, id, name: title, summary: text })
    return (text) => index.search({ text, nowMs, offset: 0, maxResults: documents.length }).hits.map((hit) => hit.id)
  }

const neutral: Omit<IndexedEntity, "id" | "name" | "summary"> = {
  category: "",
  tags: [],
  developerId: "",
  entityType: "agent",
  status: "active",
  home: "",
  updatedAt: nowMs / 1_000,
  capabilities: {},
}

const textOnly: Ranking = { method: "weighted", weights: { text: 1, semantic: 0, trust: 0, freshness: 0, availability: 0 } }

const searchers: ReadonlyArray<readonly [string, Make]> = [
  ["as a node ranks", ours(rankingDefault)],
  ["by reciprocal rank fusion", ours({ method: "rrf" })],
  ["by words alone", ours(textOnly)],
  [
    "MiniSearch",
    (documents) => {
      const other = new MiniSearch({ fields: ["title", "text"], searchOptions: { boost: { title: 3 } } })
      other.addAll(documents)
      return (text) => other.search(text).map((hit) => String(hit.id))
    },
  ],
]

export const qualityOf = ({ grades, topics }: Collection, search: Search): Quality => {
  const judged = topics.filter(({ number }) => [...(grades.get(number)?.values() ?? [])].some((grade) => grade > 0))
  const each = judged.map(({ number, text }) => {
    const graded = grades.get(number)!
    const found = search(text).map((id) => graded.get(id) ?? 0)
    const ideal = [...graded.values()].sort((a, b) => b - a)
    let relevant = 0
    const precisions = found.flatMap((grade, i) => (grade > 0 ? [++relevant / (i + 1)] : []))
    return {
      ndcg10: gain(found) / gain(ideal),
      map: precisions.reduce((sum, one) => sum + one, 0) / ideal.filter((grade) => grade > 0).length,
    }
  })
  const mean = (of: (quality: Quality) => number) => each.reduce((sum, one) => sum + of(one), 0) / Math.max(1, each.length)
  return { ndcg10: mean(({ ndcg10 }) => ndcg10), map: mean(({ map }) => map) }
}

const gain = (grades: ReadonlyArray<number>): number =>
  grades.slice(0, 10).reduce((sum, grade, i) => sum + (2 ** Math.max(0, grade) - 1) / Math.log2(i + 2), 0)

export const readCollection = (corpus: string): Collection => {
  const isDirectory = statSync(corpus).isDirectory()
  const beside = (name: string) => readFileSync(join(isDirectory ? corpus : dirname(corpus), name), "utf8")
  return parseCollection(isDirectory ? beside("documents.trec") : readFileSync(corpus, "utf8"), beside("topics.trec"), beside("qrels.txt"))
}

export const parseCollection = (documents: string, topics: string, qrels: string): Collection => {
  const grades = new Map<string, Map<string, number>>()
  for (const line of qrels.split(/\r?\n/)) {
    const [topic, , document, grade] = line.trim().split(/\s+/)
    if (document === undefined || grade === undefined) continue
    grades.set(topic!, (grades.get(topic!) ?? new Map<string, number>()).set(document, Number(grade)))
  }
  return {
    documents: Array.from(documents.matchAll(/<doc>([\s\S]*?)<\/doc>/gi), ([, inside]) => ({
      id: inTag(inside!, "docno"),
      title: inTag(inside!, "(?:title|headline|ttl)"),
      text: inTag(inside!, "(?:text|abstract|body)"),
    })),
    topics: Array.from(topics.matchAll(/<top>([\s\S]*?)<\/top>/gi), ([, inside]) => ({
      number: (/<num>(?:\s*Number:)?\s*([^\s<]+)/i.exec(inside!)?.[1] ?? "").trim(),
      text: plain(/<title>(?:\s*Topic:)?([^<]*)/i.exec(inside!)?.[1] ?? ""),
    })),
    grades,
  }
}

/** Everything in tags of this name, together. */
const inTag = (text: string, tag: string): string =>
  Array.from(text.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "gi")), ([, inside]) => plain(inside!)).join(" ")

const plain = (text: string): string =>
  text
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim()
