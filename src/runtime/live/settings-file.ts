/** Reads a settings file: TOML, as the mesh page and deployed operators write it. */
import { readFileSync } from "node:fs"
import { Effect, Schema } from "effect"
import { parse, TomlError } from "smol-toml"
import type { SettingsFile } from "../config.ts"

/** The file is not there, may not be read, or is no TOML. `reason` continues the sentence "FILE …". */
export class SettingsFileUnusable extends Schema.TaggedError<SettingsFileUnusable>()("SettingsFileUnusable", {
  file: Schema.String,
  reason: Schema.String,
}) {}

export const readSettingsFile = (file: string): Effect.Effect<SettingsFile, SettingsFileUnusable> =>
  Effect.try({
    try: () => {
      // Windows editors put a mark in front that TOML does not know.
      const text = readFileSync(file, "utf8").replace(/^\uFEFF/, "")
      return { name: file, text, content: parse(text) }
    },
    catch: (cause) => new SettingsFileUnusable({ file, reason: reasonOf(cause) }),
  })

const reasonOf = (cause: unknown): string => {
  if (cause instanceof TomlError) {
    const sentence = cause.message.split("\n")[0]!.replace(/^Invalid TOML document: /, "")
    return `line ${cause.line}: ${sentence}`
  }
  const code = (cause as NodeJS.ErrnoException).code
  if (code === "ENOENT") return "does not exist"
  if (code === "EISDIR") return "is a directory"
  return code === "EACCES" ? "may not be read by this user" : `cannot be read (${code ?? "unknown reason"})`
}
