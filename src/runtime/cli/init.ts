/** `agentdns init`: a key and a settings file, to start from (identity page, "Identity files"). */
import { existsSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { Effect } from "effect"
import { idOf } from "../../protocol/identity/id.ts"
import { makeIdentity, readIdentity } from "../live/identity-file.ts"
import type { Command } from "./command.ts"
import { end, type Ending, exitCode } from "./exit.ts"
import { identityEnding, runToEnd } from "./run.ts"
import { columns } from "./columns.ts"
import { isEnding, readGiven } from "./client/flags.ts"

const flags = [
  { name: "dir", takes: "DIR", doc: "where both files go (~/.zynd)" },
  { name: "https-endpoint", takes: "URL", doc: "public URL of the node; its host is the registry host of names" },
  { name: "database-url", takes: "URL", doc: "a PostgreSQL server for its records (the embedded one)" },
]

export const command: Command = {
  usage: "[FLAGS]",
  help: () => `Makes identity.json and config.toml. What is there already is kept as it is: a key that is lost cannot be had back.

${columns(flags.map(({ doc, name, takes }) => [`--${name} ${takes}`, doc]))}

Then: agentdns start --config DIR/config.toml. A node needs neither file: without them it makes a key where its data is.`,
  flags: flags.map(({ name }) => `--${name}`),
  run: async (argv) => {
    const given = readGiven({ name: "init", flags, positions: [] }, argv)
    if (isEnding(given)) return end(given)
    const endpoint = given.text("https-endpoint")
    if (endpoint !== undefined && !/^https?:\/\/[^/]/.test(endpoint)) {
      return end({ code: exitCode.usage, sentence: `--https-endpoint is a URL such as https://registry.example.com, not "${endpoint}"` })
    }
    const directory = resolve(given.text("dir") ?? join(homedir(), ".zynd"))
    return runToEnd(initialised(directory, endpoint, given.text("database-url")))
  },
}

const initialised = Effect.fnUntraced(function* (
  directory: string,
  endpoint: string | undefined,
  databaseUrl: string | undefined,
): Effect.fn.Return<void, Ending> {
  const [identity, config] = [join(directory, "identity.json"), join(directory, "config.toml")]
  for (const file of [identity, config]) {
    if (existsSync(file))
      return yield* Effect.fail({ code: exitCode.cannotCreate, sentence: `${file} exists already, and nothing is changed` })
  }
  yield* makeIdentity(identity).pipe(Effect.mapError((error) => identityEnding(error, false)))
  const { key } = (yield* readIdentity(identity).pipe(Effect.mapError((error) => identityEnding(error, false))))!
  yield* Effect.tryPromise({
    // a database's URL holds its password
    try: () => writeFile(config, settingsFile(identity, join(directory, "data"), endpoint, databaseUrl), { flag: "wx", mode: 0o600 }),
    catch: (): Ending => ({ code: exitCode.cannotCreate, sentence: `the settings file ${config} cannot be written` }),
  })
  const rows = [
    ["registry", idOf("registry", key.publicKey)],
    ["key file", identity],
    ["settings", config],
    ["next", `agentdns start --config ${config}`],
  ]
  process.stdout.write(`${columns(rows)}\n`)
})

const settingsFile = (identity: string, data: string, endpoint: string | undefined, databaseUrl: string | undefined): string => {
  const text = (value: string) => JSON.stringify(value)
  const line = (key: string, value: string | undefined, example: string) =>
    value === undefined ? `# ${key} = ${text(example)}` : `${key} = ${text(value)}`
  return `# Settings of an agentdns node; "agentdns help start" lists them all.

[server]
data_dir = ${text(data)}
identity = ${text(identity)}
${line("https_endpoint", endpoint, "https://registry.example.com")}

[database]
${line("url", databaseUrl, "postgres://user:password@127.0.0.1:5432/agentdns")}

[mesh]
# bootstrap_peers = ["registry.example.com:4001"]
`
}
