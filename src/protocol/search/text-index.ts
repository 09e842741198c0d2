/** The words of all documents: which terms stand where, and what that is worth to a query (`bm25.ts`). */
import { phraseBonus } from "../limits.ts"
import { categoryField, countOne, dampingSlopes, fieldCount, nameField, saturation, summaryField, tagsField, termWeight } from "./bm25.ts"
import type { IndexedEntity } from "./entity.ts"
import { grown } from "./grown.ts"
import type { FeatureCounter } from "./hash-embedder.ts"
import { Lexicon, type Word } from "./lexicon.ts"
import type { Postings } from "./postings.ts"
import type { ParsedQuery } from "./query.ts"
import { Sequences } from "./sequences.ts"
import { isCompound, termOf, wordsOf } from "./tokens.ts"

/** Documents that are not in it, and count all the same where it is told how rare a term is. */
export interface Elsewhere {
  readonly documents: number
  readonly documentsWith: (term: string) => number
}

const nowhere: Elsewhere = { documents: 0, documentsWith: () => 0 }

type Texts = Pick<IndexedEntity, "name" | "tags" | "category" | "summary">

/** The texts of an entity and their fields, those that a vector is made of first (`embeddedText`). */
const textsOf = ({ category, name, summary, tags }: Texts): ReadonlyArray<readonly [field: number, text: string]> => [
  [nameField, name],
  [summaryField, summary],
  ...tags.map((tag) => [tagsField, tag] as const),
  [categoryField, category],
]

/** In a sequence of words: here one text ends. */
const textEnd = 0xffff_ffff
const roomAtFirst = 64

export class TextIndex {
  readonly #lexicon = new Lexicon()
  readonly #sequences = new Sequences()
  /** By slot × field: terms. */
  #lengths = new Uint16Array(fieldCount * roomAtFirst)
  readonly #lengthSums = [0, 0, 0, 0]
  #documents = 0
  /** Of the statistics: counts changes. */
  #version = 0
  /** Of the document that is being put: its words, and its terms. */
  readonly #sequence: Array<number> = []
  readonly #touched: Array<Postings> = []

  /** What the last `score` found, by slot; 0 elsewhere. */
  scores = new Float64Array(roomAtFirst)
  /** The slots with a score, in no order; the first `foundCount` count. Whoever finds more adds them. */
  found = new Uint32Array(roomAtFirst)
  foundCount = 0

  /** Into a slot that is free. `features` hears the words of what is embedded. */
  put(slot: number, entity: Texts, features: FeatureCounter | undefined): void {
    this.#makeRoomFor(slot)
    this.#documents++
    this.#version++
    this.#addText(slot, nameField, entity.name, features)
    this.#addText(slot, summaryField, entity.summary, features)
    for (const tag of entity.tags) this.#addText(slot, tagsField, tag, features)
    this.#addText(slot, categoryField, entity.category, undefined)
    for (const postings of this.#touched) {
      postings.add(slot, postings.pending)
      postings.pending = 0
    }
    this.#touched.length = 0
    this.#sequences.put(slot, this.#sequence)
    this.#sequence.length = 0
  }

  #addText(slot: number, field: number, text: string, features: FeatureCounter | undefined): void {
    let terms = 0
    for (const one of wordsOf(text)) {
      const word = this.#lexicon.take(one)
      this.#sequence.push(word.number)
      if (word.isSaid) features?.add(one, word.hash)
      const { postings } = word
      if (postings === undefined) continue
      terms++
      if (postings.pending === 0) this.#touched.push(postings)
      postings.pending = countOne(postings.pending, field)
    }
    this.#sequence.push(textEnd)
    this.#lengths[slot * fieldCount + field]! += terms
    this.#lengthSums[field]! += terms
  }

  remove(slot: number): void {
    this.#documents--
    this.#version++
    const words = Array.from(this.#sequences.of(slot)).flatMap((number) => (number === textEnd ? [] : this.#lexicon.at(number)))
    for (const postings of new Set(words.map((word) => word.postings))) postings?.remove(slot)
    for (const word of words) this.#lexicon.leave(word)
    this.#sequences.remove(slot)
    for (let field = 0; field < fieldCount; field++) {
      this.#lengthSums[field]! -= this.#lengths[slot * fieldCount + field]!
      this.#lengths[slot * fieldCount + field] = 0
    }
  }

  // searching --------------------------------------------------------------------------------------------------------

  /** In how many documents a term stands. */
  documentsWith(term: string): number {
    return this.#lexicon.postingsOf(term)?.size ?? 0
  }

  /** Finds every document with one of the terms. `clear` must follow before the next. */
  score({ phrases, terms }: ParsedQuery, elsewhere: Elsewhere = nowhere): void {
    const documents = this.#documents + elsewhere.documents
    const slopes = dampingSlopes(this.#lengthSums, this.#documents)
    for (const [term, asked] of terms) {
      const list = this.#lexicon.postingsOf(term)
      if (list !== undefined) this.#scoreTerm(list, termWeight(asked, documents, list.size + elsewhere.documentsWith(term)), slopes)
    }
    for (const phrase of phrases) this.#scorePhrase(phrase)
  }

  clear(): void {
    for (let i = 0; i < this.foundCount; i++) this.scores[this.found[i]!] = 0
    this.foundCount = 0
  }

  #scoreTerm(list: Postings, weight: number, slopes: Float64Array): void {
    const { found, scores } = this
    const { pairs, size } = list
    const worths = this.#worthsOf(list, pairs, slopes)
    let count = this.foundCount
    if (count === 0) {
      for (let i = 0; i < size; i++) {
        const slot = pairs[2 * i]!
        found[i] = slot
        scores[slot] = weight * worths[i]!
      }
      count = size
    } else {
      for (let i = 0; i < size; i++) {
        const slot = pairs[2 * i]!
        const before = scores[slot]!
        if (before === 0) found[count++] = slot
        scores[slot] = before + weight * worths[i]!
      }
    }
    this.foundCount = count
  }

  /** Worked out again only after the index changed: between two changes many searches ask for the same words. */
  #worthsOf(list: Postings, pairs: Uint32Array, slopes: Float64Array): Float64Array {
    const { size, worths: before } = list
    if (before !== undefined && list.worthsVersion === this.#version) return before
    const worths = before !== undefined && before.length >= size && before.length <= 2 * size ? before : new Float64Array(size)
    for (let i = 0; i < size; i++) worths[i] = saturation(pairs[2 * i + 1]!, this.#lengths, pairs[2 * i]! * fieldCount, slopes)
    list.worths = worths
    list.worthsVersion = this.#version
    return worths
  }

  /** Looks through the documents that have the phrase's rarest word. */
  #scorePhrase(phrase: ReadonlyArray<string>): void {
    const words = phrase.map((text) => this.#lexicon.find(text))
    if (!words.every((word) => word !== undefined)) return
    const rarest = words.reduce<Postings | undefined>(
      (least, { postings }) => (least === undefined || (postings !== undefined && postings.size < least.size) ? postings : least),
      undefined,
    )
    if (rarest === undefined) return
    const { pairs, size } = rarest
    for (let i = 0; i < 2 * size; i += 2) if (this.#hasPhrase(pairs[i]!, words)) this.scores[pairs[i]!]! += phraseBonus
  }

  #hasPhrase(slot: number, phrase: ReadonlyArray<Word>): boolean {
    const sequence = this.#sequences.of(slot)
    for (let start = 0; start < sequence.length; start++) {
      if (sequence[start] !== phrase[0]!.number) continue
      let said = 1
      for (let at = start + 1; said < phrase.length && at < sequence.length; at++) {
        const number = sequence[at]!
        if (number === phrase[said]!.number) said++
        else if (number === textEnd || !this.#lexicon.at(number).isCompound) break
      }
      if (said === phrase.length) return true
    }
    return false
  }

  // what is not in it ------------------------------------------------------------------------------------------------

  /** What `score` would find for a document that is not in it, by the statistics of those that are. */
  measure({ phrases, terms }: ParsedQuery, entity: Texts): number {
    const counts = new Map<string, number>()
    const lengths = [0, 0, 0, 0]
    const texts = textsOf(entity).map(([field, text]) => {
      const words = wordsOf(text)
      for (const term of words.map(termOf)) {
        if (term === undefined) continue
        counts.set(term, countOne(counts.get(term) ?? 0, field))
        lengths[field]!++
      }
      return words.filter((word) => !isCompound(word))
    })
    const slopes = dampingSlopes(this.#documents === 0 ? lengths : this.#lengthSums, Math.max(1, this.#documents))
    let score = 0
    for (const [term, asked] of terms) {
      const documents = this.#lexicon.postingsOf(term)?.size ?? 0
      score += termWeight(asked, this.#documents, documents) * saturation(counts.get(term) ?? 0, lengths, 0, slopes)
    }
    return score + phraseBonus * phrases.filter((phrase) => texts.some((words) => hasPhrase(words, phrase))).length
  }

  #makeRoomFor(slot: number): void {
    if (slot < this.scores.length) return
    const room = 2 * this.scores.length
    this.#lengths = grown(this.#lengths, new Uint16Array(fieldCount * room))
    this.scores = new Float64Array(room)
    this.found = new Uint32Array(room)
  }
}

const hasPhrase = (words: ReadonlyArray<string>, phrase: ReadonlyArray<string>): boolean =>
  words.some((_, start) => phrase.every((word, i) => words[start + i] === word))
