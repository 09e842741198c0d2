/** `agentdns import-go`: from a deployed node's database and key to a node of ours. */
import type { Command } from "./command.ts"
import { isEnding, readGiven } from "./client/flags.ts"
import { columns } from "./columns.ts"
import { end } from "./exit.ts"

const own = [
  { name: "database-url", takes: "URL", doc: "the deployed node's database; it is read and never written", isRequired: true },
  { name: "identity", takes: "FILE", doc: "the deployed node's identity.json; the data directory gets a copy", isRequired: true },
  { name: "go-schema", takes: "NAME", doc: "the PostgreSQL schema of its tables (public)" },
  { name: "embedded", doc: "into the embedded store of the data directory, not beside the deployed node's tables" },
  { name: "dry-run", doc: "says what would come of it, and writes nothing" },
  { name: "json", doc: "rows that are not taken over as they stand, and the figures, as JSON, one object a line" },
]

/** The node's own settings that say where its store is. */
const settings = [
  { name: "config", takes: "FILE", doc: "the node's settings file", isList: true },
  { name: "data-dir", takes: "DIR", doc: "the node's data directory (./data)", isList: true },
  { name: "set", takes: "SECTION.KEY=VALUE", doc: "any other setting, such as database.schema=registry", isList: true },
]

const flags = [...own, ...settings]

export const command: Command = {
  usage: "--database-url URL --identity FILE [FLAGS]",
  help: () => `Takes over what a deployed node (agentdns in Go) keeps: its developers, entities, handles, names and latest deletions, with their
ids, signatures and times. Our tables stand in a schema of their own beside its tables, or in the embedded store. What its clients'
signatures still prove is taken over as proven. Of the rest the registry's word is taken over, and each row is listed with the
reason: its owner signs it again by registering it anew. It can be run again: what is here already is left as it is.

${columns(flags.map(({ doc, name, ...flag }) => ["takes" in flag ? `--${name} ${flag.takes}` : `--${name}`, doc]))}`,
  flags: flags.map(({ name }) => `--${name}`),
  run: async (argv, env) => {
    const given = readGiven({ name: "import-go", flags, positions: [] }, argv)
    if (isEnding(given)) return end(given)
    const [{ importing }, { runToEnd }] = await Promise.all([import("./import-go-work.ts"), import("./run.ts")])
    const settingsWords = settings.flatMap(({ name }) => (given.list(name) ?? []).flatMap((value) => [`--${name}`, value]))
    return runToEnd(
      importing({
        url: given.text("database-url")!,
        identity: given.text("identity")!,
        schema: given.text("go-schema") ?? "public",
        isEmbedded: given.has("embedded"),
        isDry: given.has("dry-run"),
        isJson: given.has("json"),
        told: { argv: settingsWords, env },
      }),
    )
  },
}
