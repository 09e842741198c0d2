/**
 * Synonyms: other words that a query's word is looked up by as well (registry page, "synonym expansion").
 *
 * The text of an operator's file, in the form that Lucene's users know, one rule a line:
 *
 *     # a comment
 *     gpt => openai, chatgpt        whoever looks for the first finds the others, not the other way round
 *     car, automobile               each finds the other
 *
 * Only queries are expanded, so that a changed file needs no new index, and a document's own words keep their weight. A
 * synonym counts half: what was asked for comes before what is like it. (The deployed node expands documents too, which
 * makes every mention of `python` a mention of `py`, and longer.)
 */
import { wordsOf } from "./tokens.ts"

/** A word, and the words that it is looked up by as well. */
export type Synonyms = ReadonlyMap<string, ReadonlyArray<string>>

/** What a synonym's occurrence counts, of one of the word itself. */
export const synonymWeight = 0.5

/** `undefined` in place of a rule: this line, counted from 1, is none. */
export const readSynonyms = (text: string): { readonly synonyms: Synonyms; readonly wrongLines: ReadonlyArray<number> } => {
  const synonyms = new Map<string, Array<string>>()
  const wrongLines: Array<number> = []
  text.split(/\r?\n/).forEach((line, i) => {
    const rule = line.replace(/#.*/, "").trim()
    if (rule === "") return
    const sides = rule.split("=>").map(membersOf)
    const [from, to = from] = sides
    if (sides.length > 2 || from === undefined || to === undefined || (sides.length === 1 && from.length < 2)) {
      wrongLines.push(i + 1)
      return
    }
    for (const word of from) {
      const others = synonyms.get(word) ?? []
      for (const other of to) if (other !== word && !others.includes(other)) others.push(other)
      synonyms.set(word, others)
    }
  })
  return { synonyms, wrongLines }
}

/** Each member is one word, or a compound (`machine-learning`); nothing when one of them is not. */
const membersOf = (side: string): ReadonlyArray<string> | undefined => {
  const members = side.split(",").map((member) => wordsOf(member)[0] ?? "")
  const isWhole = side.split(",").every((member, i) => members[i] !== "" && member.normalize("NFKC").toLowerCase().trim() === members[i])
  return isWhole ? members : undefined
}

/** The deployed ones (reference 4.3); a file takes their place. */
export const synonymsDefault: Synonyms = readSynonyms(`
ai => artificial-intelligence, machine-learning, ml
ml => machine-learning, ai
llm => large-language-model, language-model
gpt => openai, chatgpt
code => programming, software, development
review => analysis, audit, check
translate => translation, translator
python => py
javascript => js, node
typescript => ts
`).synonyms
