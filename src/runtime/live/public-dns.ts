/** `Dns` over the system's resolvers. */
import { Resolver } from "node:dns/promises"
import { Effect } from "effect"
import { type Dns, NotFetched } from "../web.ts"

/** What the resolver says where there is no such name, or nothing of the kind at it. */
const nothing: ReadonlySet<string> = new Set(["ENOTFOUND", "ENODATA"])

export const publicDns = (resolver: Pick<Resolver, "resolveTxt"> = new Resolver({ timeout: 2_000, tries: 2 })): Dns => ({
  txt: (name) =>
    Effect.tryPromise({
      try: async () => {
        try {
          return (await resolver.resolveTxt(name)).map((parts) => parts.join(""))
        } catch (error) {
          if (nothing.has((error as NodeJS.ErrnoException).code ?? "")) return []
          throw error
        }
      },
      catch: () => new NotFetched({ why: "no-answer" }),
    }),
})
