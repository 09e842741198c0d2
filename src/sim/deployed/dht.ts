/**
 * The deployed node's Kademlia: it puts whoever says anything into its table, keeps any record under any key, and asks only
 * when somebody GETs what it does not know, over the mesh connections that it has.
 */
import { sha256 } from "../../protocol/identity/digest.ts"
import { secondsOf, writeTime } from "../../protocol/time.ts"
import { decode } from "./go-json.ts"
import type { Ground } from "./link.ts"
import { type DeployedContact, type DeployedDht, type DeployedDhtRecord, dht } from "./messages.ts"

const bucketSize = 20
const atOnce = 3
const roundMs = 5_000

/** Node id of a key; key of an entity. */
export const nodeIdOf = (publicKey: string): Uint8Array => sha256(Buffer.from(publicKey.slice("ed25519:".length), "base64"))
export const keyOf = (entityId: string): Uint8Array => Uint8Array.from({ length: 32 }, (_, at) => hexOf(entityId)[at] ?? 0)

const hexOf = (entityId: string): Uint8Array => Buffer.from(entityId.slice(entityId.lastIndexOf(":") + 1), "hex")

/** RFC 3339 with fractions, as Go writes it: without zeros at the end. */
export const nanoTime = (ms: number): string => {
  const fraction = (ms % 1_000).toString().padStart(3, "0").replace(/0+$/, "")
  return writeTime(secondsOf(ms)).replace("Z", fraction === "" ? "Z" : `.${fraction}Z`)
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

export class DeployedDhtNode {
  readonly id: Uint8Array
  readonly records = new Map<string, DeployedDhtRecord>()
  readonly contacts = new Map<string, DeployedContact>()
  readonly #ground: Ground
  /** Writes a question to the connection that has this address; false: there is none. */
  readonly #ask: (address: string, payload: string) => boolean
  readonly #waiting = new Map<string, (answer: DeployedDht) => void>()

  constructor(ground: Ground, publicKey: string, ask: (address: string, payload: string) => boolean) {
    this.#ground = ground
    this.id = nodeIdOf(publicKey)
    this.#ask = ask
  }

  /** Its reply to a payload, if there is one. Also a reply that nobody waits for is answered. */
  hear(payload: unknown): string | undefined {
    const said = decode(dht, payload)
    if (said === undefined || (said.timestamp !== "" && !rfc3339.test(said.timestamp))) return undefined
    const wait = said.type.endsWith("_reply") ? this.#waiting.get(said.request_id) : undefined
    if (wait !== undefined) {
      wait(said)
      return undefined
    }
    const sender = { id: said.sender_id, address: said.sender_addr, last_seen: Math.floor(this.#ground.nowMs() / 1_000) }
    this.contacts.set(hex(said.sender_id), sender)
    return dht.write(this.#say({ request_id: said.request_id, ...this.#answer(said) }))
  }

  #answer(said: DeployedDht): Partial<DeployedDht> {
    switch (said.type) {
      case "dht_ping":
        return { type: "dht_ping_reply", ok: true }
      case "dht_store":
        if (said.record !== null) this.records.set(hex(said.key), said.record)
        return { type: "dht_store_reply", ok: true }
      case "dht_find_node":
        return { type: "dht_find_node_reply", nodes: this.#nearest(said.target, bucketSize) }
      case "dht_find_value": {
        const value = this.records.get(hex(said.key))
        return { type: "dht_find_value_reply", ...(value === undefined ? { nodes: this.#nearest(said.key, bucketSize) } : { value }) }
      }
      default:
        return { type: "dht_ping_reply" }
    }
  }

  /** What is known of an entity, here or by asking: three at a time, until nobody new is heard of. */
  find(entityId: string, done: (record: DeployedDhtRecord | undefined) => void): void {
    const key = keyOf(entityId)
    const here = this.records.get(hex(key))
    if (here !== undefined) return done(here)
    const asked = new Set([hex(this.id)])
    const endMs = this.#ground.nowMs() + roundMs
    const round = (candidates: ReadonlyArray<DeployedContact>): void => {
      const now = candidates.filter(({ id }) => !asked.has(hex(id))).slice(0, atOnce)
      if (now.length === 0) return done(undefined)
      const heardOf = [...candidates]
      let left = now.length
      let isOver = false
      const over = (record: DeployedDhtRecord | undefined, isLast: boolean): void => {
        if (isOver || (record === undefined && !isLast)) return
        isOver = true
        timer.cancel()
        if (record !== undefined) this.records.set(hex(key), record)
        if (record !== undefined || heardOf.length === candidates.length || this.#ground.nowMs() >= endMs) done(record)
        else round(heardOf.sort((a, b) => compare(distance(a.id, key), distance(b.id, key))))
      }
      const timer = this.#ground.after(endMs - this.#ground.nowMs(), () => over(undefined, true))
      for (const one of now) {
        asked.add(hex(one.id))
        this.#question(one.address, { type: "dht_find_value", key }, (answer) => {
          for (const node of answer?.nodes ?? []) if (!asked.has(hex(node.id))) heardOf.push(node)
          over(answer?.value ?? undefined, --left === 0)
        })
      }
    }
    round(this.#nearest(key, atOnce))
  }

  #question(address: string, said: Partial<DeployedDht>, answered: (answer: DeployedDht | undefined) => void): void {
    const request_id = randomHex(this.#ground.chance)
    const timer = this.#ground.after(roundMs, () => end(undefined))
    const end = (answer: DeployedDht | undefined): void => {
      timer.cancel()
      if (this.#waiting.delete(request_id)) answered(answer)
    }
    this.#waiting.set(request_id, end)
    if (!this.#ask(address, dht.write(this.#say({ request_id, ...said })))) end(undefined)
  }

  #say(said: Partial<DeployedDht>): DeployedDht {
    return { ...dht.zero, ...said, sender_id: this.id, timestamp: nanoTime(this.#ground.nowMs()) }
  }

  #nearest(target: Uint8Array, count: number): ReadonlyArray<DeployedContact> {
    return [...this.contacts.values()].sort((a, b) => compare(distance(a.id, target), distance(b.id, target))).slice(0, count)
  }
}

/** 16 hex digits. */
export const randomHex = (chance: () => number): string => Array.from({ length: 16 }, () => Math.floor(chance() * 16).toString(16)).join("")

const hex = (id: Uint8Array): string => Buffer.from(id).toString("hex")
const distance = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, at) => byte ^ b[at]!)
const compare = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
