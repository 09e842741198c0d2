/**
 * A map that weighs little while it holds one entry, as most do that a node keeps for each of many registries: 40 bytes, where
 * an empty `Map` has 230. With a second entry it becomes a `Map`. Keys are text; entries come in no order that means anything.
 */
export class SmallMap<Value> {
  #key: string | undefined = undefined
  #value: Value | undefined = undefined
  /** All entries, once there were two. */
  #all: Map<string, Value> | undefined = undefined

  get size(): number {
    return this.#all === undefined ? Number(this.#key !== undefined) : this.#all.size
  }

  get(key: string): Value | undefined {
    return this.#all === undefined ? (this.#key === key ? this.#value : undefined) : this.#all.get(key)
  }

  has(key: string): boolean {
    return this.#all === undefined ? this.#key === key : this.#all.has(key)
  }

  set(key: string, value: Value): void {
    if (this.#all !== undefined) return void this.#all.set(key, value)
    if (this.#key !== undefined && this.#key !== key) {
      this.#all = new Map([
        [this.#key, this.#value!],
        [key, value],
      ])
      this.#key = this.#value = undefined
    } else {
      this.#key = key
      this.#value = value
    }
  }

  delete(key: string): void {
    if (this.#all !== undefined) this.#all.delete(key)
    else if (this.#key === key) this.#key = this.#value = undefined
  }

  keys(): Iterable<string> {
    return this.#all?.keys() ?? (this.#key === undefined ? [] : [this.#key])
  }

  values(): Iterable<Value> {
    return this.#all?.values() ?? (this.#key === undefined ? [] : [this.#value!])
  }
}
