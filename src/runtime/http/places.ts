/** Places for connections: so many in all, and so many for one address. Beyond it the newest is refused. */
import type { ClientAddress } from "./client-address.ts"

export interface Places {
  /** False: there is none. */
  readonly take: (address: ClientAddress) => boolean
  readonly leave: (address: ClientAddress) => void
}

export const placesFor = (max: number, perAddressMax: number): Places => {
  const taken = new Map<ClientAddress, number>()
  let all = 0
  return {
    take: (address) => {
      const ours = taken.get(address) ?? 0
      if (all >= max || ours >= perAddressMax) return false
      taken.set(address, ours + 1)
      all++
      return true
    },
    leave: (address) => {
      const rest = (taken.get(address) ?? 0) - 1
      if (rest > 0) taken.set(address, rest)
      else taken.delete(address)
      all--
    },
  }
}
