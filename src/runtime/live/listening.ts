/** Why a port cannot be listened on, in words, and whether one can be. */
import { createServer, type Server } from "node:net"
import { Effect } from "effect"
import { type Address, writeAddress } from "../../protocol/mesh/address.ts"
import { ListenFailed } from "../ports.ts"

export const codeOf = (error: Error): string => (error as NodeJS.ErrnoException).code ?? "unknown reason"

/** Node's error as the port's. */
export const notListening = (address: Address, error: Error): ListenFailed =>
  new ListenFailed({ address: writeAddress(address), reason: listeningReason(codeOf(error)) })

/** A system's error code in words; other text stays as it is. */
export const listeningReason = (code: string): string => {
  if (code === "EADDRINUSE") return "the port is taken"
  if (code === "EACCES") return "this user may not listen on that port"
  return code === "EADDRNOTAVAIL" || code === "ENOTFOUND" ? "the address is not one of this machine" : code
}

/**
 * Listens on all of these at once, for a moment. A start asks this first, so that one that must fail has made nothing yet;
 * the real listening, later, can still fail.
 */
export const canListen = (addresses: ReadonlyArray<Address>): Effect.Effect<void, ListenFailed> =>
  Effect.scoped(Effect.forEach(addresses, (address) => Effect.acquireRelease(opened(address), closed), { discard: true }))

const opened = (address: Address) =>
  Effect.callback<Server, ListenFailed>((resume) => {
    const server = createServer((socket) => socket.destroy())
    server.once("error", (error) => resume(Effect.fail(notListening(address, error))))
    server.listen({ host: address.host, port: address.port }, () => resume(Effect.succeed(server)))
  })

const closed = (server: Server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
