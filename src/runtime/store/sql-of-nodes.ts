/** What a SQL store remembers of other nodes: pins, DHT contacts, and what its operator blocks. */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { RecordStore, StoreFailed } from "../ports.ts"
import { type BlockRow, type ContactRow, type PinRow, readBlock, readContact, readPin } from "./rows.ts"
import type { Statements } from "./statements.ts"

export interface OfNodesParts {
  readonly query: <Row extends object>(text: string, ...parameters: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<Row>, SqlError>
  readonly during: (operation: string) => <A>(work: Effect.Effect<A, SqlError>) => Effect.Effect<A, StoreFailed>
  readonly statements: Statements
}

type OfNodes = Pick<RecordStore["Service"], "pins" | "pin" | "contacts" | "remember" | "blocks" | "block" | "unblock">

export const ofNodes = ({ during, query, statements }: OfNodesParts): OfNodes => ({
  pins: query<PinRow>(statements.pins).pipe(
    Effect.map((found) => found.map(readPin)),
    during("pins"),
  ),
  pin: ({ address, dialect, key, since }) => query(statements.pin, address, key, since, dialect ?? null).pipe(Effect.asVoid, during("pin")),

  contacts: query<ContactRow>(statements.contacts).pipe(
    Effect.map((found) => found.map(readContact)),
    during("contacts"),
  ),
  remember: (contacts) =>
    query(
      statements.remember,
      contacts.map(({ id }) => id),
      contacts.map(({ address }) => address.host),
      contacts.map(({ address }) => address.port),
    ).pipe(Effect.asVoid, during("remember")),

  blocks: query<BlockRow>(statements.blocks).pipe(
    Effect.map((found) => found.map(readBlock)),
    during("blocks"),
  ),
  block: ({ kind, reason, since, subject }) => query(statements.block, subject, kind, reason, since).pipe(Effect.asVoid, during("block")),
  unblock: (subject) =>
    query(statements.unblock, subject).pipe(
      Effect.map((gone) => gone.length > 0),
      during("unblock"),
    ),
})
