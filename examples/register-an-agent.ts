/**
 * Registers an agent as the SDKs do, with nothing but `fetch` and signatures: `npm run example [-- FLAGS]`.
 *
 *     --registry URL   a running node (default http://127.0.0.1:8080)
 *     --delete         deregister the agent at the end
 *
 * Who only wants to know what to sign: `developerBody`, `agentBody` and `deletionHeader`.
 */
import { randomBytes } from "node:crypto"
import { setTimeout } from "node:timers/promises"
import { canonical } from "../src/protocol/identity/canonical-json.ts"
import { deriveKey, prove } from "../src/protocol/identity/derivation.ts"
import { type SecretKey, secretKeyOf, sign } from "../src/protocol/identity/ed25519.ts"
import { idOf } from "../src/protocol/identity/id.ts"

const main = async (argv: ReadonlyArray<string>): Promise<void> => {
  const { registry, deletes } = readArguments(argv)
  const info = await call(registry, "GET", "/v1/info")
  say(`registry     ${info["registry_id"]} at ${registry}`)

  // A developer is a key; an agent's key is derived from it, so that one secret is enough to keep.
  const developerSeed = randomBytes(32)
  const developer = secretKeyOf(developerSeed)
  const agent = deriveKey(developerSeed, agentIndex, "zns:agent:")
  const agentId = idOf("agent", agent.publicKey)

  const { developer_id } = await call(registry, "POST", "/v1/developers", developerBody(developer))
  say(`developer    ${developer_id} is registered`)

  const name = `weather-${agentId.slice(-6)}`
  const { entity_id } = await call(registry, "POST", "/v1/entities", agentBody(developer, agent, name))
  say(`agent        ${entity_id} is registered as ${name}`)

  const found = await search(registry, name, agentId)
  say(`search       "${name}" finds it with score ${Number(found["score"]).toFixed(2)}: ${found["summary"]}`)

  const record = await call(registry, "GET", `/v1/entities/${encodeURIComponent(agentId)}`)
  say(`record       ${record["status"]}, at ${record["entity_url"]}, since ${record["registered_at"]}`)

  if (!deletes) return say(`kept         curl ${registry}/v1/entities/${agentId}`)
  await call(registry, "DELETE", `/v1/entities/${encodeURIComponent(agentId)}`, undefined, deletionHeader(agent))
  say("deleted      the mesh hears of it, too")
}

/** Which of the developer's agents this is. */
const agentIndex = 0

// what is signed -----------------------------------------------------------------------------------------------------

/** POST /v1/developers: the developer's key signs these four fields, all of them, as canonical JSON. */
const developerBody = (developer: SecretKey) => {
  const signed = { github: "", name: "An example developer", profile_url: "", public_key: developer.publicKey }
  return { ...signed, signature: sign(developer, canonical(signed)) }
}

/** POST /v1/entities: the agent's key signs what it says of itself; the developer's key signs that the agent's is its own. */
const agentBody = (developer: SecretKey, agent: SecretKey, name: string) => {
  const signed = {
    category: "tools",
    entity_type: "agent",
    entity_url: "https://weather.example.com",
    name,
    public_key: agent.publicKey,
    summary: "Tells the weather of tomorrow, anywhere",
    tags: ["weather", "forecast"],
  }
  return {
    ...signed,
    signature: sign(agent, canonical(signed)),
    developer_id: idOf("developer", developer.publicKey),
    developer_proof: prove(developer, agent.publicKey, agentIndex),
  }
}

/** DELETE /v1/entities/{id}: the agent's key signs its own id. */
const deletionHeader = (agent: SecretKey) => ({ authorization: `Bearer ${sign(agent, idOf("agent", agent.publicKey))}` })

// asking -------------------------------------------------------------------------------------------------------------

/** As much of an answer as is read here. */
type Document = Readonly<Record<string, string | number>>

/** Ends the example, with one sentence. */
class Stopped extends Error {}

const call = async (
  registry: string,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Document> => {
  const response = await fetch(`${registry}${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    signal: AbortSignal.timeout(patienceMs),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Stopped(`no node answers at ${registry}; start one with "npm start", or name another with --registry URL`)
  })
  const answer = (await response.json().catch(() => {
    throw new Stopped(`${registry} answers, but not as a registry node does; name one with --registry URL`)
  })) as Document
  if (!response.ok)
    throw new Stopped(`the registry refuses ${method} ${path} (${response.status}): ${answer["message"] ?? answer["error"]}`)
  return answer
}
const patienceMs = 10_000

/** What was just registered is in the index when the registry answers; a registry of another make may take a moment. */
const search = async (registry: string, query: string, agentId: string): Promise<Document> => {
  for (let attempt = 0; attempt < searchesMax; attempt++) {
    const answer = await call(registry, "POST", "/v1/search", { query, max_results: 5 })
    const found = (answer["results"] as unknown as ReadonlyArray<Document>).find(({ entity_id }) => entity_id === agentId)
    if (found !== undefined) return found
    await setTimeout(1_000)
  }
  throw new Stopped("it is registered, but search does not find it")
}
const searchesMax = 5

// the command line ---------------------------------------------------------------------------------------------------

const readArguments = (argv: ReadonlyArray<string>) => {
  let registry = "http://127.0.0.1:8080"
  let deletes = false
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === "--delete") deletes = true
    else if (argv[i] === "--registry" && argv[i + 1] !== undefined) registry = argv[++i]!
    else throw new Stopped(`usage: npm run example -- [--registry URL] [--delete]; this is neither: ${argv[i]}`)
  }
  if (!/^https?:\/\//.test(registry) || !URL.canParse(registry)) throw new Stopped(`${registry} is no http URL`)
  return { registry: registry.replace(/\/+$/, ""), deletes }
}

const say = (line: string): void => console.log(`  ${line}`)

await main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof Stopped)) throw error
  console.error(error.message)
  process.exitCode = 1
})
