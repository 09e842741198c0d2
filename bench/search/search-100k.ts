/**
 * Search over 100,000 records with all ranking on: text, likeness, trust, freshness, availability.
 *
 * Beside it MiniSearch 7 over the same texts and queries in the same run, with the same boosts and without stems, synonyms or
 * any ranking but its BM25: it has less to do.
 */
import MiniSearch from "minisearch"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { SearchIndex } from "../../src/protocol/search/search-index.ts"
import { type Benchmark, type Figure, perSecond, readable, type Say, timed } from "../benchmark.ts"
import { corpusOf, nowMs, trustOf } from "./corpus.ts"

const count = 100_000
const queryCount = 2_000
/** MiniSearch takes its time. */
const otherQueryCount = 40
const maxResults = 10

const { entities, queries } = corpusOf(count, queryCount)

const filled = (): SearchIndex => {
  const index = new SearchIndex({ judgement: { trustOf, isSilent: () => false } })
  for (const entity of entities()) index.put(entity)
  return index
}

const otherFilled = (): MiniSearch => {
  const other = new MiniSearch({
    fields: ["name", "tags", "category", "summary"],
    searchOptions: { boost: { name: 3, tags: 2, category: 1.5 } },
  })
  for (const entity of entities()) other.add({ ...entity, tags: entity.tags.join(" ") })
  return other
}

/** Milliseconds of processor time that each needed, upwards: on one core, whoever else uses the machine. */
const asked = (texts: ReadonlyArray<string>, ask: (text: string) => void) => {
  const each = texts.map((text) => timed(() => ask(text)))
  const ms = each.map((one) => one.ms).sort((a, b) => a - b)
  const wallMs = each.map((one) => one.wallMs).sort((a, b) => a - b)
  const at = (of: ReadonlyArray<number>, share: number): number => of[Math.min(of.length - 1, Math.floor(share * of.length))]!
  return { ms: ms.reduce((sum, one) => sum + one, 0), p99: at(ms, 0.99), wallP50: at(wallMs, 0.5), wallP99: at(wallMs, 0.99) }
}

const searched = (say: Say) => {
  const index = filled()
  const ask = (text: string) => index.search({ text, offset: 0, maxResults, nowMs })
  for (const text of queries.slice(0, 200)) ask(text)
  const found = queries.reduce((sum, text) => sum + ask(text).totalFound, 0)
  say(`${readable(queryCount)} queries of 1 to 3 words find ${readable(found / queryCount)} of ${readable(count)} records each`)
  return asked(queries, ask)
}

const otherSearched = () => {
  const other = otherFilled()
  const ask = (text: string) => other.search(text).slice(0, maxResults)
  for (const text of queries.slice(0, 5)) ask(text)
  return asked(queries.slice(0, otherQueryCount), ask)
}

export const search100k: Benchmark = {
  name: "search.100k",
  purpose: "searches a second over 100,000 records, top 10, all ranking on",
  measure: async (say): Promise<Figure> => {
    const { ms, wallP50, wallP99 } = searched(say)
    say(`by the clock on the wall half of them within ${readable(wallP50)} ms, 99 of 100 within ${readable(wallP99)} ms`)
    return {
      value: perSecond(queryCount, ms),
      unit: "searches/s",
      bound: perSecond(otherQueryCount, otherSearched().ms),
      boundName: "MiniSearch",
    }
  },
}

export const searchP99: Benchmark = {
  name: "search.100k.p99",
  purpose: "milliseconds of processor time that 99 of 100 searches over 100,000 records need at most",
  measure: async (say): Promise<Figure> => {
    const { p99, wallP99 } = searched(say)
    say(`by the clock on the wall ${readable(wallP99)} ms`)
    return { value: p99, unit: "ms", bound: otherSearched().p99, boundName: "MiniSearch" }
  },
}

export const searchIndex: Benchmark = {
  name: "search.index",
  purpose: "records put into the index a second, with their vectors",
  measure: async (say): Promise<Figure> => {
    const writing = timed(() => {
      for (const _ of entities());
    }).ms
    say(`writing ${readable(count)} records takes ${readable(writing)} ms and is not counted`)
    return {
      value: perSecond(count, timed(filled).ms - writing),
      unit: "records/s",
      bound: perSecond(count, timed(otherFilled).ms - writing),
      boundName: "MiniSearch",
    }
  },
}

/** MiB of heap and array buffers that what is made keeps alive. */
const keptBy = (make: () => unknown): number => {
  setFlagsFromString("--expose-gc")
  const collect = runInNewContext("gc") as () => void
  const used = () => {
    collect()
    collect()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    return (arrayBuffers + heapUsed) / 2 ** 20
  }
  const before = used()
  const made = make()
  const after = used()
  // Alive until here.
  if (made === undefined) throw new Error("nothing was made")
  return after - before
}

export const searchMemory: Benchmark = {
  name: "search.memory",
  purpose: "memory of the index over 100,000 records, vectors and all",
  measure: async (say): Promise<Figure> => {
    const value = keptBy(filled)
    say(`${readable((value * 2 ** 20) / count)} bytes a record`)
    return { value, unit: "MiB", bound: keptBy(otherFilled), boundName: "MiniSearch" }
  },
}
