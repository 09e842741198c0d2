/** A node whose indexes are filled behind says so, until they are. */
import { Effect } from "effect"
import { expect, it } from "vitest"
import { servedNode } from "../../support/served-node.ts"

it("says that searches are incomplete, and no longer when they are not", () =>
  Effect.gen(function* () {
    const { running, url } = yield* servedNode(71, {}, { fillsIndexes: "behind" })
    const asked = Effect.promise(async () => {
      const [found, ready] = await Promise.all([
        fetch(`${url}/v1/search`, { method: "POST", body: JSON.stringify({ query: "weather" }) }),
        fetch(`${url}/ready`),
      ])
      return [
        ((await found.json()) as { readonly incomplete?: boolean }).incomplete,
        ready.status,
        ((await ready.json()) as { readonly indexes: string }).indexes,
      ]
    })
    expect(yield* asked).toEqual([true, 200, "filling"])
    yield* running.fillIndexes
    expect(yield* asked).toEqual([undefined, 200, "complete"])
  }).pipe(Effect.scoped, Effect.runPromise))
