/** Pieces overtake each other. */
import type { FaultKind } from "./fault.ts"
import { disturb, drawShare, drawWhere, type Where } from "./where.ts"

export const reordering: FaultKind<Where & { readonly share: number }> = {
  name: "reordering",
  lastsS: [15, 90],
  draw: (random, nodes) => ({ ...drawWhere(random, nodes), share: drawShare(random, 0.05, 0.6) }),
  begin: (stage, drawn) => disturb(stage, drawn, { reorder: drawn.share }),
}
