/** `agentdns test register|deregister`: many registrations at once, to see what a node of one's own takes. */
import { randomBytes } from "node:crypto"
import { Effect } from "effect"
import { deriveKey } from "../../../protocol/identity/derivation.ts"
import { secretKeyOf } from "../../../protocol/identity/ed25519.ts"
import { idOf } from "../../../protocol/identity/id.ts"
import { exitCode } from "../exit.ts"
import { type Circumstances, type ClientCommand, stopWith } from "./client-command.ts"
import type { Flag, Given } from "./flags.ts"
import { developerFlag, developerKey, keep } from "./key-files.ts"
import { at, textIn } from "./registry.ts"
import { deletionHeaders, entityRequest } from "./requests.ts"

const flags: ReadonlyArray<Flag> = [
  { name: "count", takes: "N", doc: "how many (10)" },
  { name: "concurrency", takes: "N", doc: "how many at a time (4)" },
  developerFlag,
]

/** Their indices begin here, above those that anybody counts up to by hand. */
const firstIndex = 1_000_000

export const registerMany: ClientCommand = {
  name: "test register",
  help: "Registers agents of the developer whose names begin with load-test. The registry's limit per minute holds for them, too.",
  flags,
  run: Effect.fnUntraced(function* (given, circumstances) {
    const { registry } = circumstances
    const developer = yield* developerOrNew(given, circumstances)
    const home = textIn(yield* registry.call("GET", "/v1/info"), "registry_id")
    return yield* eachOf(given, circumstances, "registered", (index) => {
      const key = deriveKey(developer.seed, index, "zns:agent:")
      const number = index - firstIndex
      const profile = {
        name: `load-test-${number}`,
        category: "test",
        type: "agent" as const,
        url: `https://load-test-${number}.example.com`,
        tags: ["load-test"],
        summary: `Registration ${number} of a test`,
      }
      return registry.call("POST", "/v1/entities", entityRequest(key, developer.key, index, profile, home, {}))
    })
  }),
}

export const deregisterMany: ClientCommand = {
  name: "test deregister",
  help: "Ends what test register began.",
  flags,
  run: Effect.fnUntraced(function* (given, circumstances) {
    const developer = yield* developerKey(given, circumstances)
    return yield* eachOf(given, circumstances, "deregistered", (index) => {
      const key = deriveKey(developer.seed, index, "zns:agent:")
      const id = idOf("agent", key.publicKey)
      return circumstances.registry.call("DELETE", at("v1", "entities", id), undefined, deletionHeaders({ key, scheme: "Bearer" }, id))
    })
  }),
}

const developerOrNew = Effect.fnUntraced(function* (given: Given, circumstances: Circumstances) {
  return yield* developerKey(given, circumstances).pipe(
    Effect.catch(() => {
      const seed = randomBytes(32)
      const file = `${circumstances.home}/developer.json`
      circumstances.say(`a developer's key is made: ${file} (${idOf("developer", secretKeyOf(seed).publicKey)})`)
      return keep(file, seed)
    }),
  )
})

/** Runs the request for each index; says how it goes, and why the first failed when one did. */
const eachOf = Effect.fnUntraced(function* <E extends { readonly sentence: string }>(
  given: Given,
  { say }: Circumstances,
  done: string,
  request: (index: number) => Effect.Effect<unknown, E>,
) {
  const count = yield* wholeIn(given, "count", 10)
  const concurrency = yield* wholeIn(given, "concurrency", 4)
  const startedAt = performance.now()
  let good = 0
  const complaints: Array<string> = []
  yield* Effect.forEach(
    Array.from({ length: count }, (_, i) => firstIndex + i),
    (index) =>
      Effect.match(request(index), {
        onFailure: ({ sentence }) => void complaints.push(sentence),
        onSuccess: () => {
          good++
          if (good % 100 === 0) say(`${good} of ${count}`)
        },
      }),
    { concurrency, discard: true },
  )
  const seconds = (performance.now() - startedAt) / 1_000
  const text = `${good} of ${count} ${done} in ${seconds.toFixed(1)} s (${(good / seconds).toFixed(0)}/s)`
  if (complaints.length > 0) return yield* stopWith(`${text}; ${complaints[0]}`, exitCode.refused)
  return { json: { count, done: good, seconds }, text }
})

const wholeIn = (given: Given, flag: string, fallback: number) => {
  const said = given.text(flag)
  const number = said === undefined ? fallback : Number(said)
  return Number.isSafeInteger(number) && number > 0 ? Effect.succeed(number) : stopWith(`--${flag} is a number above 0, not "${said}"`)
}
