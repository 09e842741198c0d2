/**
 * The words of all documents, as numbers: each with its hash and its term's postings, for as long as a document has it.
 *
 * What is worked out of a word (its stem, its hash) is worked out once; a word costs a look-up from then on.
 */
import { fnv64a, type Hash } from "./hash-embedder.ts"
import { Postings } from "./postings.ts"
import { isCompound, isSaid, termOf } from "./tokens.ts"

export interface Word {
  readonly text: string
  readonly number: number
  readonly hash: Hash
  readonly isCompound: boolean
  readonly isSaid: boolean
  /** Of its term, shared with other words of the same stem; stop words have none. */
  readonly postings: Postings | undefined
  /** Occurrences in all documents. */
  uses: number
}

export class Lexicon {
  readonly #words = new Map<string, Word>()
  readonly #numbered: Array<Word | undefined> = []
  readonly #free: Array<number> = []
  readonly #terms = new Map<string, Postings>()
  /** How many words have these postings. */
  readonly #sharers = new Map<Postings, number>()

  /** For one occurrence. */
  take(text: string): Word {
    const word = this.#words.get(text) ?? this.#learn(text)
    word.uses++
    return word
  }

  /** One occurrence less. Postings must be empty when the last one goes. */
  leave(word: Word): void {
    if (--word.uses > 0) return
    this.#words.delete(word.text)
    this.#numbered[word.number] = undefined
    this.#free.push(word.number)
    const { postings } = word
    if (postings === undefined) return
    const sharers = this.#sharers.get(postings) ?? 1
    if (sharers > 1) {
      if (sharers === 2) this.#sharers.delete(postings)
      else this.#sharers.set(postings, sharers - 1)
    } else this.#terms.delete(postings.term)
  }

  at(number: number): Word {
    return this.#numbered[number]!
  }

  find(text: string): Word | undefined {
    return this.#words.get(text)
  }

  postingsOf(term: string): Postings | undefined {
    return this.#terms.get(term)
  }

  #learn(text: string): Word {
    const number = this.#free.pop() ?? this.#numbered.length
    const term = termOf(text)
    const word: Word = {
      text,
      number,
      hash: fnv64a(text),
      isCompound: isCompound(text),
      isSaid: isSaid(text),
      postings: term === undefined ? undefined : this.#share(term),
      uses: 0,
    }
    this.#words.set(text, word)
    this.#numbered[number] = word
    return word
  }

  #share(term: string): Postings {
    const known = this.#terms.get(term)
    if (known !== undefined) {
      this.#sharers.set(known, (this.#sharers.get(known) ?? 1) + 1)
      return known
    }
    const postings = new Postings(term)
    this.#terms.set(term, postings)
    return postings
  }
}
