/** Says that it is home to everything, or something else than before: of filters nothing but the asking of peers may suffer. */
import { filterBitsMax } from "../../protocol/limits.ts"
import type { FilterNews } from "../../protocol/search/home-filter.ts"
import type { Message } from "../../protocol/wire/message.ts"
import type { SeededRandom } from "../dice.ts"
import type { LiarKind } from "./liar.ts"

export const lieInBlooms: LiarKind = {
  name: "blooms",
  lie: "claims in its filter what it is not home to",
  begin: (_, { hand, random }) =>
    hand.bend((message) => (message.type === "HEARTBEAT" ? { ...message, ...lied(message, random) } : message)),
}

const lied = (
  message: Extract<Message, { readonly type: "HEARTBEAT" }>,
  random: SeededRandom,
): { readonly filter: FilterNews; readonly filterKnown: number } => ({
  filter: random.pick<() => FilterNews>([
    // everything
    () => whole(random, 2_048, 7, () => 0xff),
    // as much as looks like a filter
    () => whole(random, 2_048, 7, () => random.below(256) & random.below(256)),
    () => whole(random, (8 * random.between(1, 600)) | 0, 1 + random.below(30), () => random.below(256)),
    // changes of what nobody was told
    () => ({ type: "change", version: random.below(9), base: random.below(9), flipped: [random.below(100), filterBitsMax] }),
  ])(),
  filterKnown: message.filterKnown === undefined || random.isTrue(0.5) ? random.below(1_000) : message.filterKnown,
})

const whole = (random: SeededRandom, size: number, hashes: number, byte: () => number): FilterNews => ({
  type: "whole",
  version: 1 + random.below(9),
  bloom: { size, hashes, bits: Uint8Array.from({ length: (size + 7) >> 3 }, byte) },
})
