/**
 * From text to words, and from words to the terms that are indexed and looked up (registry page, "Tokenisation").
 *
 *     text ──► lower-case words ──► without stop words ──► stems
 *
 * Letters, marks and digits of any script make words. `-` and `_` hold a compound together: it is kept whole, and its parts
 * follow it. Words of one ASCII character and the 24 stop words of the deployed node are no terms; English words are reduced
 * by Porter's stemmer (the page's; the deployed node has a cruder one).
 */
import { stemmer } from "stemmer"

/** The words of a text in order, with repetitions; every compound whole, before its parts. */
export const wordsOf = (text: string): ReadonlyArray<string> => {
  const found = isAscii.test(text) ? text.toLowerCase().match(asciiRuns) : text.normalize("NFKC").toLowerCase().match(runs)
  if (found === null) return []
  const words: Array<string> = []
  for (const run of found) {
    if (!holders.test(run)) words.push(run)
    else {
      const parts = run.split(/[-_]+/).filter((part) => part !== "")
      if (parts.length > 1) words.push(run.replace(/^[-_]+|[-_]+$/g, ""))
      words.push(...parts)
    }
  }
  return words
}

const runs = /[\p{L}\p{M}\p{N}_-]+/gu
/** The same of most texts, which need no look into Unicode's tables. */
const asciiRuns = /[a-z0-9_-]+/g
const isAscii = /^[\0-\x7f]*$/
const holders = /[-_]/

export const isCompound = (word: string): boolean => holders.test(word)

/** One ASCII character says nothing; one of another script may be a word. */
export const isSaid = (word: string): boolean => word.length > 1 || word > "\u007f"

/** The term that a word stands for; none for what says nothing, and for stop words. */
export const termOf = (word: string): string | undefined =>
  !isSaid(word) || stopWords.has(word) ? undefined : english.test(word) ? stemOf(word) : word

/** Stems that were found lately; all are found anew when it is full. */
const stems = new Map<string, string>()
const stemsMax = 16_384
const rememberedLengthMax = 24

const stemOf = (word: string): string => {
  const known = stems.get(word)
  if (known !== undefined) return known
  const stem = stemmer(word)
  if (stems.size >= stemsMax) stems.clear()
  if (word.length <= rememberedLengthMax) stems.set(word, stem)
  return stem
}

/** The terms of a text, in order, with repetitions. */
export const termsOf = (text: string): ReadonlyArray<string> => wordsOf(text).flatMap((word) => termOf(word) ?? [])

const stopWords: ReadonlySet<string> = new Set(
  "a an and are as at be by for from has he in is it its of on that the to was will with".split(" "),
)

/** Porter's rules are for English; a word with any other letter is its own stem. */
const english = /^[a-z]+$/
