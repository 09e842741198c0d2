/** `agentdns models …`: models for semantic search that run on this machine. A node fetches nothing by itself. */
import { createHash } from "node:crypto"
import { existsSync } from "node:fs"
import { mkdir, rename, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import type { Command } from "./command.ts"
import { columns } from "./columns.ts"
import { end, exitCode } from "./exit.ts"
import { isEnding, readGiven } from "./client/flags.ts"

interface Model {
  readonly dimensions: number
  readonly about: string
}

/** What each is called where it is published, with its vectors' length. Any model of this shape will do. */
const models: ReadonlyMap<string, Model> = new Map([
  ["bge-small-en-v1.5", { dimensions: 384, about: "English; the registry page's default" }],
  ["all-MiniLM-L6-v2", { dimensions: 384, about: "English; the deployed node's" }],
])

const files = ["tokenizer.json", "model.onnx"]

const settingsOf = (folder: string, { dimensions }: Model): string => `[search]
embedding_backend = "onnx"
embedding_model_dir = ${JSON.stringify(folder)}
embedding_dimensions = ${dimensions}`

export const list: Command = {
  usage: "",
  help: () => "The models that are known by name. Without one, words are hashed: the default needs nothing.",
  run: async () => {
    process.stdout.write(`${columns([...models].map(([name, { about, dimensions }]) => [name, `${dimensions} dimensions`, about]))}\n`)
    return exitCode.done
  },
}

export const info: Command = {
  usage: "NAME",
  help: () => "What a model is and needs.",
  run: async ([name = "", ...more]) => {
    const model = models.get(name)
    if (model === undefined || more.length > 0) return unknown(more[0] ?? name)
    process.stdout.write(`${name}: ${model.about}, ${model.dimensions} dimensions

It needs the package onnxruntime-node, which is installed beside the node by its operator:

  npm install --no-save onnxruntime-node

and a folder with ${files.join(" and ")}, named in the settings file:

${settingsOf(`models/${name}`, model)}
`)
    return exitCode.done
  },
}

const downloadFlags = [
  { name: "from", takes: "URL", doc: `the folder that ${files.join(" and ")} are below`, isRequired: true },
  { name: "dir", takes: "DIR", doc: "where they go (./models/NAME)" },
  { name: "sha256", takes: "HEX", doc: "what model.onnx must be; another one is not kept" },
]

/** A model that is larger than this is none for a registry node. */
const fileBytesMax = 2 ** 30

export const download: Command = {
  usage: "NAME --from URL [FLAGS]",
  help: () => `Fetches a model's files, prints their SHA-256, and says what to write into the settings.

${columns(downloadFlags.map(({ doc, name, takes }) => [`--${name} ${takes}`, doc]))}`,
  flags: downloadFlags.map(({ name }) => `--${name}`),
  run: async (argv) => {
    const given = readGiven({ name: "models download", flags: downloadFlags, positions: [{ name: "NAME" }] }, argv)
    if (isEnding(given)) return end(given)
    const name = given.position("NAME")!
    const model = models.get(name)
    if (model === undefined) return unknown(name)
    const from = given.text("from")!.replace(/\/+$/, "")
    if (!/^https?:\/\//.test(from)) return end({ code: exitCode.usage, sentence: "--from is a URL that begins with http:// or https://" })
    const folder = resolve(given.text("dir") ?? join("models", name))
    await mkdir(folder, { recursive: true })
    for (const file of files) {
      const target = join(folder, file)
      if (existsSync(target)) return end({ code: exitCode.cannotCreate, sentence: `${target} exists already` })
      const bytes = await fetched(`${from}/${file}`)
      if (bytes === undefined) return end({ code: exitCode.unavailable, sentence: `${from}/${file} cannot be fetched` })
      const hash = createHash("sha256").update(bytes).digest("hex")
      const wanted = file === "model.onnx" ? given.text("sha256")?.toLowerCase() : undefined
      if (wanted !== undefined && wanted !== hash)
        return end({ code: exitCode.refused, sentence: `${file} is not what --sha256 says: it is ${hash}` })
      // whole or not at all
      await writeFile(`${target}.part`, bytes)
      await rename(`${target}.part`, target)
      process.stdout.write(`${hash}  ${target}\n`)
    }
    process.stdout.write(`\n${settingsOf(folder, model)}\n`)
    return exitCode.done
  },
}

const fetched = async (url: string): Promise<Uint8Array | undefined> => {
  const response = await fetch(url).catch(() => undefined)
  const length = Number(response?.headers.get("content-length") ?? 0)
  if (response?.ok !== true || length > fileBytesMax) return undefined
  const bytes = await response.arrayBuffer().catch(() => undefined)
  return bytes === undefined || bytes.byteLength > fileBytesMax ? undefined : new Uint8Array(bytes)
}

const unknown = (name: string) =>
  end({ code: exitCode.usage, sentence: `"${name.slice(0, 60)}" is no model that is known: ${[...models.keys()].join(", ")}` })
