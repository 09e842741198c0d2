/** Pieces are lost, at most every second one. */
import type { FaultKind } from "./fault.ts"
import { disturb, drawShare, drawWhere, type Where } from "./where.ts"

export const loss: FaultKind<Where & { readonly share: number }> = {
  name: "loss",
  lastsS: [15, 90],
  draw: (random, nodes) => ({ ...drawWhere(random, nodes), share: drawShare(random, 0.02, 0.5) }),
  begin: (stage, drawn) => disturb(stage, drawn, { loss: drawn.share }),
}
