/** Pieces arrive with a byte flipped, or in part: each has to end in a refusal that is counted, never in a crash. */
import type { FaultKind } from "./fault.ts"
import { disturb, drawShare, drawWhere, type Where } from "./where.ts"

export const corruption: FaultKind<Where & { readonly share: number }> = {
  name: "corruption",
  lastsS: [5, 30],
  draw: (random, nodes) => ({ ...drawWhere(random, nodes), share: drawShare(random, 0.001, 0.02) }),
  begin: (stage, drawn) => disturb(stage, drawn, { corrupt: drawn.share }),
}
