import fc from "fast-check"
import { expect, it } from "vitest"
import { termsOf, wordsOf } from "../../../src/protocol/search/tokens.ts"

it.each<readonly [string, ReadonlyArray<string>]>([
  ["Reviews Python code for security issues", ["review", "python", "code", "secur", "issu"]],
  ["job-scraper-service", ["job-scraper-service", "job", "scraper", "servic"]],
  ["foo_bar-baz --x- -", ["foo_bar-baz", "foo", "bar", "baz"]],
  ["the and of a 7 I", []],
  ["AI agents, 42 of them", ["ai", "agent", "42", "them"]],
  ["Übersetzung für GRÖSSE", ["übersetzung", "für", "grösse"]],
  ["naïve café", ["naïve", "café"]],
  ["Ａｇｅｎｔ ﬁnance", ["agent", "financ"]],
  ["हिन्दी 翻訳 e\u0301tude", ["हिन्दी", "翻訳", "étude"]],
  ["", []],
])("%j", (text, terms) => expect(termsOf(text)).toEqual(terms))

it("a text is its words: white space, case and punctuation around them do not matter", () => {
  const word = fc.stringMatching(/^[a-z]{2,8}$/)
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(termsOf(` ${words.join(" !? ").toUpperCase()}.`)).toEqual(words.flatMap(termsOf))
    }),
  )
})

it("words of ASCII are the same beside words of another script", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "z", "A", "Z", "0", "9", "-", "_", " ", ".", "'", "\n") })
  fc.assert(
    fc.property(text, (said) => {
      expect(wordsOf(`${said} é`)).toEqual([...wordsOf(said), "é"])
    }),
  )
})
