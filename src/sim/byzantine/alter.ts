/** Passes on what it hears with other content under the same id, so that who believes the id would be deaf to the true one. */
import type { LiarKind } from "./liar.ts"

export const alter: LiarKind = {
  name: "alter",
  lie: "passes on something else under the same id",
  begin: (_, { hand, random }) => {
    const lets = hand.lets
    hand.lets = (message) => {
      const said = lets(message)
      if (said?.type !== "GOSSIP" || random.isTrue(0.5)) return said
      const document = said.document()
      return document === undefined ? said : { ...said, document: () => ({ ...document, timestamp: "2026-01-01T00:00:00Z" }) }
    }
    return () => {
      hand.lets = lets
    }
  },
}
