/**
 * DNS and GitHub as they are (`handle-witness.ts`). What strangers make us fetch is bounded in time and size, and only two
 * hosts of GitHub are asked, whatever their answers say.
 */
import { Effect, Layer, Schema } from "effect"
import { HandleWitness, NotLooked } from "../handle-witness.ts"
import type { Dns } from "../web.ts"
import { publicDns } from "./public-dns.ts"

const patienceMs = 4_000
const bytesMax = 64 * 1_024
const listBytesMax = 1_024 * 1_024
const gistsMax = 5

type Fetch = (url: string, init: RequestInit) => Promise<Response>

export const handleWitness = (dns: Dns, fetch: Fetch): HandleWitness["Service"] => ({
  recordsAt: (name) => Effect.mapError(dns.txt(name), ({ why }) => new NotLooked({ reason: why })),
  filesOf: (account) =>
    looked(async () => {
      const own = `https://raw.githubusercontent.com/${account}/${account}/HEAD/${fileName}.txt`
      const [file, gists] = await Promise.all([textAt(fetch, own, bytesMax), textAt(fetch, gistsOf(account), listBytesMax)])
      const found = await Promise.all(gistUrls(gists, account).map((url) => textAt(fetch, url, bytesMax)))
      return [file, ...found].filter((text) => text !== undefined)
    }),
})

/** A file of this name in the repository that is called like its account, or in a gist. */
const fileName = "zynd-verification"
const gistsOf = (account: string) => `https://api.github.com/users/${account}/gists?per_page=30`

const Gists = Schema.Array(Schema.Struct({ files: Schema.Record(Schema.String, Schema.Struct({ raw_url: Schema.String })) }))

const gistUrls = (list: string | undefined, account: string): ReadonlyArray<string> =>
  list === undefined
    ? []
    : Schema.decodeSync(Schema.fromJsonString(Gists))(list)
        .flatMap(({ files }) => Object.entries(files))
        .flatMap(([name, { raw_url: url }]) =>
          name.startsWith(fileName) && url.startsWith(`https://gist.githubusercontent.com/${account}/`) ? [url] : [],
        )
        .slice(0, gistsMax)

/** `undefined` where there is nothing. Redirects are not followed: they could lead anywhere. */
const textAt = async (fetch: Fetch, url: string, most: number): Promise<string | undefined> => {
  const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(patienceMs), headers: { "user-agent": "agentdns" } })
  if (response.status === 404) return undefined
  if (!response.ok || response.body === null) throw new Error(`status ${response.status}`)
  const pieces: Array<Uint8Array> = []
  let size = 0
  for await (const piece of response.body) {
    size += piece.length
    if (size > most) throw new Error("too large")
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

const looked = <A>(look: () => Promise<A>): Effect.Effect<A, NotLooked> =>
  Effect.tryPromise({ try: look, catch: (error) => new NotLooked({ reason: error instanceof Error ? error.message : "unknown" }) })

export const systemHandleWitness: Layer.Layer<HandleWitness> = Layer.sync(HandleWitness, () => handleWitness(publicDns(), fetch))
