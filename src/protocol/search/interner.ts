/** Texts as small numbers, each for as long as somebody has taken it. */
export class Interner {
  readonly #numbers = new Map<string, number>()
  readonly #texts: Array<string> = []
  readonly #uses: Array<number> = []
  readonly #free: Array<number> = []

  /** All numbers are below this. */
  get end(): number {
    return this.#texts.length
  }

  take(text: string): number {
    let number = this.#numbers.get(text)
    if (number === undefined) {
      number = this.#free.pop() ?? this.#texts.length
      this.#numbers.set(text, number)
      this.#texts[number] = text
      this.#uses[number] = 0
    }
    this.#uses[number]!++
    return number
  }

  /** True when nobody has it any more. */
  leave(number: number): boolean {
    if (--this.#uses[number]! > 0) return false
    this.#numbers.delete(this.#texts[number]!)
    this.#texts[number] = ""
    this.#free.push(number)
    return true
  }

  find(text: string): number | undefined {
    return this.#numbers.get(text)
  }

  /** `""` for a number that nobody has taken. */
  textOf(number: number): string {
    return this.#texts[number]!
  }
}
