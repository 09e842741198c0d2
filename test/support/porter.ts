/**
 * Porter's rules as his paper tables them (Porter 1980), with the two changes of his own published program (`bli`, `logi`):
 * a second writing, to hold the library against.
 *
 * A measure m counts the changes from vowel to consonant. Of a step's rules the one with the longest suffix that fits is
 * tried, and no other.
 */
const isVowelAt = (word: string, i: number): boolean => "aeiou".includes(word[i]!) || (word[i] === "y" && i > 0 && !isVowelAt(word, i - 1))
const shape = (stem: string): string => Array.from(stem, (_, i) => (isVowelAt(stem, i) ? "v" : "c")).join("")
const measure = (stem: string): number => shape(stem).match(/v+c+/g)?.length ?? 0
const hasVowel = (stem: string): boolean => shape(stem).includes("v")
const endsDouble = (word: string): boolean => word.length > 1 && word.at(-1) === word.at(-2) && shape(word).endsWith("c")
const endsShort = (word: string): boolean => shape(word).endsWith("cvc") && !/[wxy]$/.test(word)

type Rule = readonly [suffix: string, to: string, holds: (stem: string) => boolean]

const step = (word: string, rules: ReadonlyArray<Rule>): string => {
  const fits = rules.filter(([suffix]) => word.endsWith(suffix)).sort(([a], [b]) => b.length - a.length)[0]
  if (fits === undefined) return word
  const [suffix, to, holds] = fits
  const stem = word.slice(0, word.length - suffix.length)
  return holds(stem) ? stem + to : word
}
const always = () => true
const above = (least: number) => (stem: string) => measure(stem) > least
const table = (text: string, holds: Rule[2]): ReadonlyArray<Rule> =>
  text.split(" ").map((pair) => {
    const [from, to = ""] = pair.split(">")
    return [from!, to, holds]
  })

const step2 = table(
  "ational>ate tional>tion enci>ence anci>ance izer>ize bli>ble alli>al entli>ent eli>e ousli>ous ization>ize ation>ate ator>ate alism>al iveness>ive fulness>ful ousness>ous aliti>al iviti>ive biliti>ble logi>log",
  above(0),
)
const step3 = table("icate>ic ative> alize>al iciti>ic ical>ic ful> ness>", above(0))
const step4: ReadonlyArray<Rule> = [
  ...table("al ance ence er ic able ible ant ement ment ent ou ism ate iti ous ive ize", above(1)),
  ["ion", "", (stem) => measure(stem) > 1 && /[st]$/.test(stem)],
]

export const porter = (given: string): string => {
  if (given.length < 3) return given
  let word = step(given, [...table("sses>ss ies>i ss>ss", always), ["s", "", always]])
  if (word.endsWith("eed")) word = step(word, [["eed", "ee", above(0)]])
  else {
    const cut = step(word, [
      ["ed", "", hasVowel],
      ["ing", "", hasVowel],
    ])
    if (cut !== word) {
      if (/(at|bl|iz)$/.test(cut)) word = `${cut}e`
      else if (endsDouble(cut) && !/[lsz]$/.test(cut)) word = cut.slice(0, -1)
      else word = measure(cut) === 1 && endsShort(cut) ? `${cut}e` : cut
    }
  }
  word = step(word, [["y", "i", hasVowel]])
  word = step(step(step(word, step2), step3), step4)
  word = step(word, [["e", "", (stem) => measure(stem) > 1 || (measure(stem) === 1 && !endsShort(stem))]])
  return measure(word) > 1 && word.endsWith("ll") ? word.slice(0, -1) : word
}
