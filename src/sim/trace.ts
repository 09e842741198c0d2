/**
 * The trace: everything that was delivered, when, from whom, to whom, and what, as one hash. Two runs with the same trace
 * did the same. The lines themselves are in the event log, when there is one.
 */
import { sha256Hex } from "../protocol/identity/digest.ts"
import type { EventLog } from "./event-log.ts"

export class Trace {
  #a = 0x9e3779b9
  #b = 0x85ebca6b
  #last: Uint8Array | undefined
  #lastSum = 0
  /** Events so far. */
  count = 0
  log: EventLog | undefined

  /** One delivered frame; `sum` is what `sumOf` made of its bytes. */
  deliver(atMs: number, from: number, to: number, sum: number): void {
    this.#mix(atMs)
    this.#mix((from << 16) ^ to)
    this.#mix(sum)
    this.count++
    this.log?.deliver(from, to)
  }

  /** Anything else that decides how a run goes on. */
  note(what: string): void {
    for (let i = 0; i < what.length; i++) this.#mix(what.charCodeAt(i))
  }

  digest(): string {
    return sha256Hex(`${this.count}/${this.#a}/${this.#b}`).slice(0, 16)
  }

  #mix(value: number): void {
    this.#a = (Math.imul(this.#a ^ value, 0x01000193) + (this.#b >>> 7)) | 0
    this.#b = (Math.imul(this.#b + value, 0x2c1b3c6d) ^ (this.#a >>> 15)) | 0
  }

  /** What a frame's bytes come to. One that goes to many at once is summed once. */
  sumOf(bytes: Uint8Array): number {
    if (bytes === this.#last) return this.#lastSum
    let sum = bytes.length | 0
    for (let i = 0; i < bytes.length; i++) sum = Math.imul(sum ^ bytes[i]!, 0x01000193)
    this.#last = bytes
    this.#lastSum = sum
    return sum
  }
}
