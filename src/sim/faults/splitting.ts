/** The stream arrives in other pieces than it was written in: some are cut in two, some are joined with the next. */
import type { FaultKind } from "./fault.ts"
import { disturb, drawShare, drawWhere, type Where } from "./where.ts"

export const splitting: FaultKind<Where & { readonly share: number }> = {
  name: "splitting",
  lastsS: [10, 90],
  draw: (random, nodes) => ({ ...drawWhere(random, nodes), share: drawShare(random, 0.05, 1) }),
  begin: (stage, drawn) => disturb(stage, drawn, { split: drawn.share }),
}
