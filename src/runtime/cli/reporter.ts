/** What a node says on standard output: to people on one screen, or one JSON object a line. */
import type { Noteworthy } from "../../actors/happening.ts"
import type { PublicKey } from "../../protocol/identity/key.ts"
import type { RegistryId } from "../../protocol/identity/id.ts"
import { type Address, writeAddress } from "../../protocol/mesh/address.ts"
import { columns } from "./columns.ts"

/** All that is known when the node serves. */
export interface Ready {
  readonly version: string
  readonly registryId: RegistryId
  readonly publicKey: PublicKey
  readonly http: Address
  readonly isHttps: boolean
  readonly mesh: Address
  /** Absolute. */
  readonly dataDirectory: string
  readonly isEmbedded: boolean
  readonly bootstrap: ReadonlyArray<Address>
  /** From the start of the process. */
  readonly ms: number
}

export interface Reporter {
  readonly warn: (sentence: string) => void
  readonly note: (sentence: string) => void
  readonly ready: (facts: Ready) => void
  readonly stopping: () => void
  /** Something that happened in the running node. */
  readonly happened: (happening: Noteworthy) => void
  /** Our own fault; `where` is for whoever mends it. */
  readonly defect: (message: string, where: string) => void
}

const say = (line: string) => void process.stdout.write(`${line}\n`)

export const reporterFor = (log: "pretty" | "json"): Reporter => (log === "json" ? inJson : pretty)

const inJson: Reporter = {
  warn: (message) => say(JSON.stringify({ event: "warning", message })),
  note: (message) => say(JSON.stringify({ event: "note", message })),
  ready: ({ dataDirectory, http, isHttps, mesh, ms, publicKey, registryId, version }) =>
    say(
      JSON.stringify({
        event: "ready",
        registry_id: registryId,
        http: webAt(http, isHttps),
        mesh: writeAddress(fromHere(mesh)),
        data_dir: dataDirectory,
        ms,
        public_key: publicKey,
        version,
        pid: process.pid,
      }),
    ),
  stopping: () => say(JSON.stringify({ event: "stopping" })),
  happened: (happening) => {
    const { type, ...facts } = happening
    const command = happening.type === "key.contradicted" ? { command: retrust(happening) } : {}
    say(JSON.stringify({ event: type, at: new Date().toISOString(), ...facts, ...command }))
  },
  defect: (message, where) => say(JSON.stringify({ event: "defect", at: new Date().toISOString(), message, where })),
}

const pretty: Reporter = {
  warn: (sentence) => say(`  warning: ${sentence}`),
  note: (sentence) => say(`  note: ${sentence}`),
  ready: (facts) => say(screen(facts)),
  stopping: () => say("\n  stopping: saying goodbye to the peers; once more to stop at once"),
  happened: (happening) => {
    const words = inWords(happening)
    if (words !== undefined) say(`  ${new Date().toISOString().slice(11, 19)}  ${words}`)
  },
  defect: (message, where) => say(`\n  DEFECT of agentdns, please report it: ${message}\n${where}\n`),
}

/** Nothing for what the screen says anyway. */
const inWords = (happening: Noteworthy): string | undefined => {
  switch (happening.type) {
    case "peer.connected":
      return `${happening.direction === "in" ? "was called by" : "called"} ${happening.registryId} at ${happening.address}`
    case "peer.disconnected":
      return `lost ${happening.registryId}: ${happening.reason}`
    case "peer.refused":
      return `refused ${happening.registryId ?? "somebody"} at ${happening.address}: ${happening.reason}`
    case "key.contradicted":
      return `ANOTHER KEY at ${happening.address}: ${happening.met}, but ${saidBy(happening)} ${happening.expected}; not spoken with. If its operator confirms the new key: ${retrust(happening)}`
    case "block.set":
      return `blocks the ${happening.kind} ${happening.subject}: ${happening.reason}`
    case "block.lifted":
      return `blocks the ${happening.kind} ${happening.subject} no longer`
    case "node.phase":
      return undefined
  }
}

type Contradicted = Extract<Noteworthy, { readonly type: "key.contradicted" }>

const saidBy = ({ because, domain = "" }: Contradicted): string =>
  ({
    configured: "the settings say",
    pinned: "the one that was met there before is",
    published: `the proof at https://${domain}/.well-known/zynd-registry.json names`,
    dns: `the DNS of _zynd.${domain} names`,
  })[because]

/** What an operator gives the node to take the new key for true. */
const retrust = ({ address, met }: Contradicted): string => `agentdns start --bootstrap ${address}#${met}`

const webAt = (http: Address, isHttps: boolean): string => `${isHttps ? "https" : "http"}://${writeAddress(fromHere(http))}`

const screen = ({ bootstrap, dataDirectory, http, isEmbedded, isHttps, mesh, ms, publicKey, registryId, version }: Ready): string => {
  const web = webAt(http, isHttps)
  const peers =
    bootstrap.length === 0
      ? "none yet: others join with --bootstrap, or this one does"
      : `joining ${bootstrap.map(writeAddress).join(", ")}`
  const facts = [
    ["registry", registryId],
    ["key", publicKey],
    ["page", `${web}/`],
    ["HTTP", web + elsewhere(http)],
    ["mesh", writeAddress(fromHere(mesh)) + elsewhere(mesh)],
    ["data", `${dataDirectory}${isEmbedded ? " (with the embedded PostgreSQL)" : " (records are in the PostgreSQL server)"}`],
    ["peers", peers],
  ]
  const flags = `--data-dir ./data2 --listen 127.0.0.1:${http.port + 1} --mesh-listen 127.0.0.1:${mesh.port + 1}`
  return `
  agentdns ${version} serves (after ${(ms / 1_000).toFixed(1)} s)

${columns(facts)}

  try          curl ${web}/v1/info
  a second one npm start -- ${flags} --bootstrap ${writeAddress(fromHere(mesh))}
  stop         Ctrl-C
`
}

/** An address that can be dialled on this machine: "all of them" is none. */
const fromHere = ({ host, port }: Address): Address => (isEverywhere(host) ? { host: "127.0.0.1", port } : { host, port })

const elsewhere = ({ host }: Address): string => (isEverywhere(host) ? " (on every address of this machine)" : "")

const isEverywhere = (host: string): boolean => host === "0.0.0.0" || host === "::"
