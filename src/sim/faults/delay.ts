/** Everything takes longer for a while. */
import type { FaultKind } from "./fault.ts"
import { disturb, drawWhere, type Where } from "./where.ts"

export const delay: FaultKind<Where & { readonly delayMs: number }> = {
  name: "delay",
  lastsS: [10, 60],
  draw: (random, nodes) => ({ ...drawWhere(random, nodes), delayMs: Math.round(random.between(200, 3_000)) }),
  begin: (stage, drawn) => disturb(stage, drawn, { delayMs: drawn.delayMs }),
}
