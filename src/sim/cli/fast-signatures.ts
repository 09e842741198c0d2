/** Signatures are a tenth of a small run: libsodium reckons them in half the time, where it can be loaded and relied on. */
import { sodiumEngine } from "../../runtime/live/ed25519.ts"
import { reckonWith } from "../signatures.ts"

/** For every process that plays runs, before the first. */
export const useFastSignatures = (): void => {
  // keys of the simulated are no secrets, and there are too many for memory that is locked
  const fast = sodiumEngine((bytes) => Buffer.allocUnsafe(bytes))
  if (fast !== undefined) reckonWith(fast)
}
