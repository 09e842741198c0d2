/**
 * A topical mesh: entities about topics, and queries about them. Words of a topic are drawn by Zipf's law, as people draw
 * them; a few words belong to no topic.
 */
import type { SeededRandom } from "../dice.ts"
import type { About } from "./clients.ts"

/** Words of one topic, the most frequent first. */
export interface Topic {
  readonly name: string
  readonly words: ReadonlyArray<string>
}

const wordsOfEach = 120
const syllables = "ba be bo da de di fo ga ge ka ko la le lo ma mi mo na ne no pa po ra re ri ro sa se so ta te to va ve za zu".split(" ")

export const drawTopics = (random: SeededRandom, count: number): ReadonlyArray<Topic> => {
  const known = new Set<string>()
  const word = (): string => {
    const drawn = Array.from({ length: 3 + random.below(2) }, () => random.pick(syllables)).join("")
    if (known.has(drawn)) return word()
    known.add(drawn)
    return drawn
  }
  return Array.from({ length: count }, () => {
    const words = Array.from({ length: wordsOfEach }, word)
    return { name: words[0]!, words }
  })
}

/** The rank of a word, by Zipf's law: the second is drawn half as often as the first. */
const rankIn = (random: SeededRandom, words: number): number =>
  Math.min(words - 1, Math.floor(Math.exp(random.next() * Math.log(words + 1)) - 1))

const draw = (random: SeededRandom, { words }: Topic): string => words[rankIn(random, words.length)]!

const several = (random: SeededRandom, topic: Topic, count: number): ReadonlyArray<string> => {
  const drawn = new Set<string>()
  while (drawn.size < count) drawn.add(draw(random, topic))
  return [...drawn]
}

export const aboutTopic = (random: SeededRandom, topic: Topic, number: number): About => ({
  name: `${several(random, topic, 2).join(" ")} ${number}`,
  category: topic.name,
  tags: several(random, topic, 2),
  summary: `An agent that helps with ${several(random, topic, 8).join(" ")}.`,
})

/** One to three words that somebody who knows the topic would type. */
export const queryAbout = (random: SeededRandom, topic: Topic): string => several(random, topic, 1 + random.below(3)).join(" ")
