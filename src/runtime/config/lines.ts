/**
 * The line of a TOML text that a key stands on, for complaints about a file that parses but says something impossible.
 *
 * The parser does not tell; tables, dotted keys and inline tables are followed here, texts over several lines are skipped.
 */

/** Counted from 1. For a key written in a way that is not followed, the line of its section; failing that, nothing. */
export const lineOf = (toml: string, key: string): number | undefined => {
  let section = ""
  let sectionLine: number | undefined
  let inLongText: string | undefined
  const lines = toml.split(/\r?\n/)
  for (const [index, line] of lines.entries()) {
    if (inLongText !== undefined) {
      if (line.includes(inLongText)) inLongText = undefined
      continue
    }
    const header = /^\s*\[\[?\s*([^\]]+?)\s*\]/.exec(line)
    if (header !== null) {
      section = plain(header[1]!)
      if (key === section || key.startsWith(`${section}.`)) sectionLine = index + 1
      continue
    }
    const assigned = /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=(.*)$/.exec(line)
    if (assigned === null) continue
    const name = section === "" ? plain(assigned[1]!) : `${section}.${plain(assigned[1]!)}`
    if (name === key || key.startsWith(`${name}.`)) return index + 1
    const quotes = /"""|'''/.exec(assigned[2]!)?.[0]
    if (quotes !== undefined && assigned[2]!.split(quotes).length === 2) inLongText = quotes
  }
  return sectionLine
}

const plain = (key: string): string =>
  key
    .split(".")
    .map((part) => part.trim().replace(/^["']|["']$/g, ""))
    .join(".")
