/**
 * The documents of the index by slot: a number for each, and in arrays by slot what every search reads of all of them.
 *
 * A slot that its document left is given to the next one.
 */
import type { EntityStatus, EntityType } from "../records/entity.ts"
import type { IndexedEntity } from "./entity.ts"
import { grown } from "./grown.ts"
import { Interner } from "./interner.ts"
import { bloomOf } from "./ranking.ts"

const roomAtFirst = 64
const types: ReadonlyArray<EntityType> = ["agent", "service"]
const statuses: ReadonlyArray<EntityStatus> = ["active", "inactive"]

export class Documents {
  readonly #slots = new Map<string, number>()
  readonly #free: Array<number> = []
  readonly ids: Array<string> = []
  readonly homes = new Interner()
  readonly categories = new Interner()
  readonly developers = new Interner()

  /** By slot, as numbers of the above. */
  home = new Uint32Array(roomAtFirst)
  category = new Uint32Array(roomAtFirst)
  developer = new Uint32Array(roomAtFirst)
  /** Type and status; 0 in a slot that is free. */
  kind = new Uint8Array(roomAtFirst)
  /** The record's half of its freshness. */
  bloom = new Float64Array(roomAtFirst)

  get size(): number {
    return this.#slots.size
  }

  /** All slots are below this. */
  get end(): number {
    return this.ids.length
  }

  get room(): number {
    return this.home.length
  }

  slotOf(id: string): number | undefined {
    return this.#slots.get(id)
  }

  /** For an id that is not in it. */
  add(entity: IndexedEntity): number {
    const slot = this.#free.pop() ?? this.ids.length
    if (slot === this.room) this.#grow()
    this.#slots.set(entity.id, slot)
    this.ids[slot] = entity.id
    this.home[slot] = this.homes.take(entity.home)
    this.category[slot] = this.categories.take(entity.category)
    this.developer[slot] = this.developers.take(entity.developerId)
    this.kind[slot] = kindOf(entity.entityType, entity.status)
    this.bloom[slot] = bloomOf(entity.updatedAt)
    return slot
  }

  remove(slot: number): void {
    this.#slots.delete(this.ids[slot]!)
    this.#free.push(slot)
    this.ids[slot] = ""
    this.homes.leave(this.home[slot]!)
    this.categories.leave(this.category[slot]!)
    this.developers.leave(this.developer[slot]!)
    this.kind[slot] = 0
  }

  /** In a slot that is taken. */
  statusAt(slot: number): EntityStatus {
    return statuses[(this.kind[slot]! - 1) % statuses.length]!
  }

  #grow(): void {
    this.home = grown(this.home, new Uint32Array(2 * this.home.length))
    this.category = grown(this.category, new Uint32Array(2 * this.category.length))
    this.developer = grown(this.developer, new Uint32Array(2 * this.developer.length))
    this.kind = grown(this.kind, new Uint8Array(2 * this.kind.length))
    this.bloom = grown(this.bloom, new Float64Array(2 * this.bloom.length))
  }
}

/** From 1: type × status. */
export const kindOf = (type: EntityType, status: EntityStatus): number =>
  1 + types.indexOf(type) * statuses.length + statuses.indexOf(status)

/** Which kinds a filter by type and by status lets through, by number; a filter that nobody knows lets none. */
export const kindsPassing = (type: string | undefined, status: string | undefined): Uint8Array => {
  const passing = new Uint8Array(1 + types.length * statuses.length)
  for (const one of types) {
    for (const other of statuses) {
      if ((type === undefined || type === one) && (status === undefined || status === other)) passing[kindOf(one, other)] = 1
    }
  }
  return passing
}
