/**
 * From text to the terms that are indexed and looked up (registry page, "Tokenisation"; reference 4.3).
 *
 *     text ──► lower-case words ──► without stop words ──► stems
 *
 * Letters, marks and digits of any script make words. `-` and `_` hold a compound together: it is kept whole, and its parts
 * follow it. Words of one ASCII character and the 24 stop words of the deployed node are dropped; English words are reduced
 * by Porter's stemmer (the page's; the deployed node has a cruder one).
 */
import { stemmer } from "stemmer"

/** The terms of a text, in order, with repetitions. */
export const termsOf = (text: string): ReadonlyArray<string> => {
  const terms: Array<string> = []
  for (const word of text.normalize("NFKC").toLowerCase().match(words) ?? []) {
    const parts = word.split(/[-_]+/)
    if (parts.length > 1 && parts.filter(isSaid).length > 1) terms.push(word.replace(/^[-_]+|[-_]+$/g, ""))
    for (const part of parts) if (isSaid(part) && !stopWords.has(part)) terms.push(stemOf(part))
  }
  return terms
}

const words = /[\p{L}\p{M}\p{N}_-]+/gu

const isSaid = (part: string): boolean => part.length > 1 || part > "\u007f"

const stopWords: ReadonlySet<string> = new Set(
  "a an and are as at be by for from has he in is it its of on that the to was will with".split(" "),
)

/** Porter's rules are for English; a word with any other letter is its own stem. */
const stemOf = (word: string): string => (/^[a-z]+$/.test(word) ? rememberedStem(word) : word)

/** Stemming costs more than all the rest; what was stemmed is remembered until there is too much of it. */
const remembered = new Map<string, string>()
const rememberedMax = 20_000

const rememberedStem = (word: string): string => {
  let stem = remembered.get(word)
  if (stem === undefined) {
    stem = stemmer(word)
    if (remembered.size >= rememberedMax) remembered.clear()
    remembered.set(word, stem)
  }
  return stem
}
