/**
 * Connections without those that the operator blocks: whom we dial and who calls, whatever for. What a node says of where it is
 * reached is looked at later, when it greets (`protocol/mesh/roster.ts`).
 */
import { Effect } from "effect"
import { idOf } from "../protocol/identity/id.ts"
import { writeAddress } from "../protocol/mesh/address.ts"
import { blockOfHost, blockOfPeer, type Blocks } from "../protocol/moderation/blocks.ts"
import { type Connection, PeerUnreachable, type Transport } from "./ports.ts"

/** Is there a block of this connection's other end? */
export const isBarred = (blocks: Blocks, { remoteHost, remoteKey }: Pick<Connection, "remoteHost" | "remoteKey">): boolean =>
  blocks.all.size > 0 &&
  (remoteKey === undefined ? blockOfHost(blocks, remoteHost) : blockOfPeer(blocks, idOf("registry", remoteKey), remoteHost)) !== undefined

/** `refused` hears of each that was not let in, or not dialled to the end. */
export const guarded = (
  transport: Transport["Service"],
  blocks: () => Blocks,
  refused: (connection: Connection) => void,
): Transport["Service"] => {
  const shut = (connection: Connection): void => {
    connection.close()
    refused(connection)
  }
  const blocked = (address: string) => Effect.fail(new PeerUnreachable({ address, reason: "blocked" }))
  return {
    dial: (address, dialect) =>
      Effect.suspend(() => {
        if (blockOfHost(blocks(), address.host) !== undefined) return blocked(writeAddress(address))
        return Effect.flatMap(transport.dial(address, dialect), (connection) => {
          if (!isBarred(blocks(), connection)) return Effect.succeed(connection)
          shut(connection)
          return blocked(writeAddress(address))
        })
      }),
    listen: (accept) => transport.listen((connection) => (isBarred(blocks(), connection) ? shut(connection) : accept(connection))),
  }
}
