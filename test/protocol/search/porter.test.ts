/** The stemmer is Porter's: it agrees with the vocabulary that he published, word for word (a copy comes with another package). */
import { readFileSync } from "node:fs"
import { stemmer } from "stemmer"
import { expect, it } from "vitest"
import { termOf } from "../../../src/protocol/search/tokens.ts"

const wordsOf = (file: string): ReadonlyArray<string> =>
  readFileSync(new URL(`test/${file}`, import.meta.resolve("porter-stemmer/package.json")), "utf8")
    .trim()
    .split(/\r?\n/)

it("23,531 words of the published vocabulary", () => {
  const words = wordsOf("input.txt")
  const stems = wordsOf("output.txt")
  expect([words.length, stems.length]).toEqual([23_531, 23_531])
  expect(words.map((word) => stemmer(word))).toEqual(stems)
  // what search makes of them; a stop word is no term at all
  const others = words.filter((word, i) => ![undefined, stems[i]].includes(termOf(word)))
  expect(others).toEqual([])
})
