/** Hands over other words than it holds when somebody reconciles with it: each with something changed under its signature. */
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import type { LiarKind } from "./liar.ts"

export const tamper: LiarKind = {
  name: "tamper",
  lie: "changes what it hands over when others reconcile with it",
  begin: (_, { hand }) => {
    const lets = hand.lets
    hand.lets = (message) => {
      const said = lets(message)
      return said?.type === "RECONCILE" && said.step === "records" ? { ...said, documents: said.documents.map(changed) } : said
    }
    return () => {
      hand.lets = lets
    }
  },
}

const changed = (document: JsonObject): JsonObject => {
  const record = document["record"] as JsonObject | undefined
  return record === undefined ? { ...document, reason: "tampered" } : { ...document, record: { ...record, name: "taken-over" } }
}
