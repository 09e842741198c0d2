/**
 * Who may begin a handshake: bounds on what callers whose key is not known yet can make us hold.
 *
 * At each bound the newest caller is refused, so that those inside keep what they have.
 */
import { isIPv6, type Socket } from "node:net"
import { inboundConnectionsMax, inboundPerAddressMax, unfinishedHandshakesMax } from "../../protocol/limits.ts"
import { plainHost } from "./plain-host.ts"

export interface Bounds {
  readonly connections: number
  readonly perAddress: number
  readonly unfinished: number
}

const bounds: Bounds = { connections: inboundConnectionsMax, perAddress: inboundPerAddressMax, unfinished: unfinishedHandshakesMax }

/** Something with two ends that are told apart by their address and port: the TCP socket, or the TLS socket over it. */
type Ends = Pick<Socket, "remoteAddress" | "remotePort">

export const doorman = ({ connections, perAddress, unfinished }: Bounds = bounds) => {
  const inside = new Map<string, number>()
  const shaking = new Map<string, Socket>()
  let total = 0

  return {
    /** Lets the socket in, or destroys it. Whatever becomes of it later is noticed by its end. */
    admit: (socket: Socket): boolean => {
      socket.on("error", () => {})
      const place = placeOf(socket)
      const here = inside.get(place) ?? 0
      if (socket.remotePort === undefined || total >= connections || here >= perAddress || shaking.size >= unfinished) {
        socket.destroy()
        return false
      }
      const name = nameOf(socket)
      total += 1
      inside.set(place, here + 1)
      shaking.set(name, socket)
      socket.once("close", () => {
        total -= 1
        const left = inside.get(place)! - 1
        if (left === 0) inside.delete(place)
        else inside.set(place, left)
        if (shaking.get(name) === socket) shaking.delete(name)
      })
      return true
    },
    /** The handshake on this socket is over and its key is known. */
    finished: (socket: Ends): void => void shaking.delete(nameOf(socket)),
    /** Ends every handshake that is not over. */
    turnAway: (): void => shaking.forEach((socket) => socket.destroy()),
    counts: () => ({ inside: total, shaking: shaking.size }),
  }
}

const nameOf = (socket: Ends) => `${socket.remoteAddress} ${socket.remotePort}`

/** One household: an IPv4 address, or the /64 that an IPv6 subscriber is usually given whole. */
const placeOf = (socket: Ends): string => {
  const host = plainHost(socket.remoteAddress)
  return isIPv6(host) ? firstHalf(host) : host
}

const firstHalf = (address: string): string => {
  const [head = "", tail] = address.split("%")[0]!.split("::")
  const front = head === "" ? [] : head.split(":")
  if (tail === undefined) return front.slice(0, 4).join(":")
  const back = tail === "" ? [] : tail.split(":")
  return [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0"), ...back].slice(0, 4).join(":")
}
