/**
 * A transport behind a gate: while it is shut, nobody is dialled, nobody is listened to, and no connection lives. A process
 * that does not hold its registry's mesh has one, so that the registry is never met twice.
 */
import { Effect, Schedule, type Scope } from "effect"
import { type Address, writeAddress } from "../protocol/mesh/address.ts"
import { type Connection, type ListenFailed, PeerUnreachable, type Transport } from "./ports.ts"

export interface GatedTransport {
  readonly transport: Transport["Service"]
  readonly isOpen: () => boolean
  /** Opens it until the scope closes; then every connection is closed at once. Tries again while the port is taken. */
  readonly open: Effect.Effect<void, never, Scope.Scope>
}

/** `address` is where it will listen: a port that is known beforehand. */
export const gated = (inner: Transport["Service"], address: Address, failed: (failure: ListenFailed) => void): GatedTransport => {
  let isOpen = false
  let accept: ((connection: Connection) => void) | undefined
  const alive = new Set<Connection>()

  const watched = (connection: Connection): Connection => {
    alive.add(connection)
    return {
      ...connection,
      open: (events) =>
        connection.open({
          ...events,
          closed: (reason) => {
            alive.delete(connection)
            events.closed(reason)
          },
        }),
      close: () => {
        alive.delete(connection)
        connection.close()
      },
    }
  }
  const shut = () => {
    isOpen = false
    for (const connection of alive) connection.close()
    alive.clear()
  }
  const standingBy = (to: Address) => Effect.fail(new PeerUnreachable({ address: writeAddress(to), reason: "standing by" }))

  return {
    isOpen: () => isOpen,
    transport: {
      dial: (to, dialect) =>
        Effect.suspend(() => {
          if (!isOpen) return standingBy(to)
          return Effect.flatMap(inner.dial(to, dialect), (connection) => {
            if (isOpen) return Effect.succeed(watched(connection))
            connection.close()
            return standingBy(to)
          })
        }),
      listen: (taken) =>
        Effect.sync(() => {
          accept = taken
          return address
        }),
    },
    open: Effect.gen(function* () {
      yield* Effect.acquireRelease(
        Effect.sync(() => void (isOpen = true)),
        () => Effect.sync(shut),
      )
      const listening = inner.listen((connection) => (isOpen && accept !== undefined ? accept(watched(connection)) : connection.close()))
      yield* Effect.retry(
        Effect.tapError(listening, (failure) => Effect.sync(() => failed(failure))),
        Schedule.spaced(retryMs),
      ).pipe(Effect.orDie)
    }),
  }
}

const retryMs = 500
