/**
 * P4: at an address where one key was met, a node is never connected to another (mesh page, TOFU); and who is connected is
 * listed by the id of the key that its handshake proved.
 */
import type { NodeContext } from "../../actors/node.ts"
import { idOf } from "../../protocol/identity/id.ts"
import { writeAddress } from "../../protocol/mesh/address.ts"
import type { Checker } from "./checker.ts"

export const pinnedKeys: Checker = {
  invariant: "P4 pinned keys",
  hear: (stage, machine, happening) => {
    if (happening.type !== "peer.connected") return undefined
    const roster = (machine.node?.actors.snapshot("node")?.context as NodeContext | undefined)?.roster ?? []
    const stranger = roster.find(({ publicKey, registryId }) => registryId !== idOf("registry", publicKey))
    if (stranger !== undefined)
      return { node: machine.name, detail: `lists ${stranger.registryId}, which is not the id of the key it proved` }
    if (happening.direction !== "out") return undefined
    const wrong = roster.find(({ address, publicKey, direction }) => {
      const first = direction === "out" && address !== undefined ? stage.firstKeyAt(machine, writeAddress(address), publicKey) : publicKey
      return first !== publicKey
    })
    return wrong === undefined
      ? undefined
      : { node: machine.name, detail: `is connected to ${happening.address}, whose key is not the one met there first` }
  },
}
