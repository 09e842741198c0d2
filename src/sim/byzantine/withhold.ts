/** Takes everything and passes nothing on; whoever compares with it is told that all is the same. */
import type { LiarKind } from "./liar.ts"

export const withhold: LiarKind = {
  name: "withhold",
  lie: "passes nothing on",
  begin: (_, { hand }) => {
    hand.lets = (message) => {
      if (message.type === "GOSSIP" || message.type === "IHAVE") return undefined
      if (message.type !== "RECONCILE") return message
      if (message.step === "records") return undefined
      return message.step === "split" || message.step === "want" ? { type: "RECONCILE", step: "same" } : message
    }
    // it stays as it is: nobody has to be told that it stopped
    return () => {}
  },
}
