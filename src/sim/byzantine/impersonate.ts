/** Greets with somebody else's id and key: the handshake proves its own, so nobody may take it for the other. */
import { idOf } from "../../protocol/identity/id.ts"
import type { LiarKind } from "./liar.ts"

export const impersonate: LiarKind = {
  name: "impersonate",
  lie: "greets in somebody else's name",
  begin: (stage, { hand, machine, random }) => {
    const lets = hand.lets
    const { key } = random.pick(stage.world.machines.filter((other) => stage.isHonest(other)))
    hand.lets = (message) => {
      const said = lets(message)
      return said?.type === "HELLO" ? { ...said, nodeId: idOf("registry", key), publicKey: key } : said
    }
    // who is connected has greeted already
    stage.world.network.dropAll(machine)
    return () => {
      hand.lets = lets
      stage.world.network.dropAll(machine)
    }
  },
}
