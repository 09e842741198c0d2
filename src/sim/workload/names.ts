/**
 * A workload of names: developers claim a handle at their home, register two entities, bind a name to one, let it mean the
 * other, give it up, bind it again; and readers anywhere resolve it, all the time.
 */
import { Effect } from "effect"
import { canonical } from "../../protocol/identity/canonical-json.ts"
import type { SecretKey } from "../../protocol/identity/ed25519.ts"
import { type DeveloperId, type EntityId, idOf } from "../../protocol/identity/id.ts"
import { fqanOf, releaseText } from "../../protocol/records/naming.ts"
import type { Node } from "../../runtime/node-service.ts"
import { keySeed } from "../keys.ts"
import { secretKeyOf, sign } from "../signatures.ts"
import type { Stage } from "../stage.ts"
import type { Machine } from "../world.ts"
import { type Client, client } from "./clients.ts"

/** The host under which a machine binds names. */
export const hostOf = ({ name }: Pick<Machine, "name">): string => `${name}.example`

/** What the owner of a name was told last, and what it may mean until it is told more. */
export interface NameWord {
  readonly handle: string
  readonly name: string
  readonly host: string
  readonly home: Machine
  readonly owner: DeveloperId
  /** `undefined`: it was given up. */
  meaning: EntityId | undefined
  /** Everything it was ever asked to mean. */
  readonly asked: Set<EntityId>
  /** Requests that were not answered. */
  open: number
  /** Its home lost its disk since. */
  isLost: boolean
}

/** What somebody was told when they resolved a name. */
export interface Resolved {
  readonly word: NameWord
  readonly at: Machine
  readonly owner: DeveloperId
  readonly entityId: EntityId
}

export class NameBook {
  readonly words: Array<NameWord> = []
  /** Hears of every answer that a reader gets. */
  onResolved: (resolved: Resolved) => void = () => {}
  resolved = 0

  /** A machine's disk is lost, with what was bound there. */
  loseDisk({ index }: Machine): void {
    for (const word of this.words) if (word.home.index === index) word.isLost = true
  }
}

export interface NamesPlan {
  /** Developers, each with one name. */
  readonly count: number
  readonly fromMs: number
  readonly untilMs: number
  /** An owner thinks so long between two requests, about; readers ask more often. */
  readonly everyMs: number
}

const readsPerChange = 4

/** Numbers of its clients: those of the others are lower. */
const firstNumber = 16 * 10_000

export const names = (stage: Stage, { count, fromMs, untilMs, everyMs }: NamesPlan): NameBook => {
  const { world, options } = stage
  const book = new NameBook()
  stage.onDiskLoss.push((machine) => book.loseDisk(machine))

  const own = (number: number): void => {
    const random = world.random(`names/${number}`)
    const key = secretKeyOf(keySeed(options.seed, `developer/${(firstNumber >> 4) + number}`))
    const home = random.pick(stage.honest())
    const entities = [0, 1].map((index) => client(options.seed, firstNumber + 16 * number + index))
    const word: NameWord = {
      handle: `dev-${number}`,
      name: "agent",
      host: hostOf(home),
      home,
      owner: idOf("developer", key.publicKey),
      meaning: undefined,
      asked: new Set(),
      open: 0,
      isLost: false,
    }
    book.words.push(word)
    let version = 0

    /** Goes on when it was granted; when it was not, or nobody was there, tries the same again later. */
    const ask = <A>(request: (node: Node["Service"]) => Effect.Effect<A, unknown>, granted: (answer: A) => void): void => {
      const again = () => later(() => ask(request, granted))
      const machine = world.machines[home.index]!
      machine.gate.pass(() => {
        if (machine.node === undefined) return again()
        word.open++
        world.fork(
          machine,
          Effect.matchEffect(request(machine.node.service), {
            // a refusal says how things stand; only what was never answered stays open
            onFailure: () =>
              Effect.sync(() => {
                word.open--
                again()
              }),
            onSuccess: (answer) =>
              Effect.sync(() => {
                word.open--
                granted(answer)
              }),
          }),
        )
      })
    }
    const later = (act: () => void, aboutMs = everyMs): void => {
      if (world.clock.elapsedMs >= untilMs) return
      world.clock.at(random.between(0.5, 1.5) * aboutMs, () => world.clock.elapsedMs < untilMs && act())
    }

    const register = (entity: Client, then: () => void): void => stage.register(home, entity, then)
    const claim = (): void => {
      const said = { developer_id: word.owner, handle: word.handle, public_key: key.publicKey }
      ask(
        (node) => node.claimHandle({ ...said, signature: sign(key, canonical(said)) }),
        () => later(bind),
      )
    }
    const bind = (): void => {
      const entity = random.pick(entities)
      word.asked.add(entity.entityId)
      ask(
        (node) => node.bindName(bindingOf(key, word, entity.entityId)),
        (entry) => {
          version = entry.version
          word.meaning = entry.entityId
          later(change)
        },
      )
    }
    const change = (): void => (random.isTrue(0.7) ? rename() : release())
    const rename = (): void => {
      const entity = random.pick(entities)
      word.asked.add(entity.entityId)
      ask(
        (node) => node.rebindName(word.handle, word.name, bindingOf(key, word, entity.entityId, version + 1)),
        (entry) => {
          version = entry.version
          word.meaning = entry.entityId
          later(change)
        },
      )
    }
    const release = (): void => {
      const text = releaseText(fqanOf(word.host, word.handle, word.name))
      ask(
        (node) => node.releaseName(word.handle, word.name, `Bearer ${sign(key, text)}`),
        () => {
          word.meaning = undefined
          later(bind)
        },
      )
    }
    const read = (): void => {
      const readers = stage.honest()
      if (readers.length > 0) resolve(stage, book, word, random.pick(readers))
      later(read, everyMs / readsPerChange)
    }

    register(entities[0]!, () => register(entities[1]!, () => later(claim)))
    later(read)
  }

  const beginnings = world.random("names")
  for (let number = 0; number < count; number++) {
    const beginsMs = beginnings.between(fromMs, Math.min(untilMs, fromMs + everyMs))
    world.clock.at(Math.max(0, beginsMs - world.clock.elapsedMs), () => own(number))
  }
  return book
}

/** Somebody asks this machine what a name means; what it answers is told to the book. */
export const resolve = ({ world }: Stage, book: NameBook, word: NameWord, at: Machine): void => {
  world.fork(
    at,
    Effect.match(at.node!.service.resolveName(word.handle, word.name, word.host), {
      onFailure: () => {},
      onSuccess: ({ name }) => {
        book.resolved++
        book.onResolved({ word, at, owner: name.developerId, entityId: name.entityId })
      },
    }),
  )
}

/** The body of POST and PUT /v1/names, as an SDK signs it; a rebind names its version. */
const bindingOf = (key: SecretKey, { handle, name }: NameWord, entityId: EntityId, version?: number) => {
  const said = { developer_handle: handle, entity_id: entityId, entity_name: name }
  const signed = { ...said, capability_tags: null, version: "", ...(version !== undefined && { current_version: version }) }
  return { ...said, signature: sign(key, canonical(signed)) }
}
