/**
 * `search.http`: searches over REST on a node as `npm start` makes it: 5,000 records in its embedded database, registered over
 * REST, 20 clients in another process. The bound is node:http alone, which answers with a text as long.
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import { developerOf, developerRequest, sdkRequest } from "../../test/support/clients.ts"
import { type Benchmark, perSecond, readable } from "../benchmark.ts"
import { corpusOf } from "../search/corpus.ts"
import { load } from "./load.ts"
import { startNode } from "./started-node.ts"

const count = 5_000
const clients = 20
const warmUpMs = 2_000
const forMs = 6_000

export const searchHttp: Benchmark = {
  name: "search.http",
  purpose: `searches of 1 to 3 words a second over REST, ${readable(count)} records, ${clients} clients`,
  measure: async (say) => {
    const node = await startNode()
    const bare = fork(new URL("./bare-server.ts", import.meta.url))
    try {
      const corpus = corpusOf(count, 500)
      const developer = developerOf(1)
      const post = async (path: string, body: unknown) => {
        const answer = await fetch(`${node.url}${path}`, { method: "POST", body: JSON.stringify(body) })
        if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
        return answer.text()
      }
      await post("/v1/developers", developerRequest(developer))
      let registered = 0
      const entities = corpus.entities()
      const register = async () => {
        for (const { category, name, summary, tags } of entities)
          await post(
            "/v1/entities",
            sdkRequest(developer, registered++, { name, summary: summary.slice(0, 200), category, tags: [...tags] }),
          )
      }
      await Promise.all(Array.from({ length: clients }, register))
      say(`${readable(registered)} records are registered`)

      const bodies = corpus.queries.map((query) => JSON.stringify({ query }))
      const example = await post("/v1/search", { query: corpus.queries[0]! })
      await load(`${node.url}/v1/search`, bodies, clients, warmUpMs)
      const { ms, requests } = await load(`${node.url}/v1/search`, bodies, clients, forMs)
      say(`${readable(requests)} searches in ${readable(ms)} ms`)

      bare.send(example)
      const [bareUrl] = (await once(bare, "message")) as [string]
      await load(bareUrl, bodies, clients, warmUpMs / 2)
      const bound = await load(bareUrl, bodies, clients, forMs / 2)
      return { value: perSecond(requests, ms), unit: "searches/s", bound: perSecond(bound.requests, bound.ms), boundName: "bare node:http" }
    } finally {
      bare.kill()
      await node.stop()
    }
  },
}
