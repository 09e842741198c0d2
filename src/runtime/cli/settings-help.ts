/** The settings' part of a command's help. */
import { descriptions } from "../config/describe.ts"
import { columns } from "./columns.ts"

export const settingsHelp = (): string => {
  const all = descriptions()
  const own = all.filter(({ flag }) => flag !== undefined)
  const others = all.filter(({ flag, hasEffect, key }) => flag === undefined && hasEffect && key !== undefined)
  const row = (head: string, { doc, fallback, hasEffect }: (typeof all)[number]) => [
    head,
    doc + (fallback === "" ? "" : ` (${fallback})`) + (hasEffect ? "" : "; no effect in this version"),
  ]
  return `A flag wins over its variable, the variable over the file, the file over the default, which stands in parentheses.
A flag that is called --max-peers has the variable AGENTDNS_MAX_PEERS; DATABASE_URL and REDIS_URL go by those names.

${columns([...own.map((one) => row(one.flag!, one)), ["--set SECTION.KEY=VALUE", "any setting of the file"]], 30)}

Settings without a flag of their own: in the file, by --set, or as variable AGENTDNS_SECTION_KEY.

${columns(
  others.map((one) => row(one.key!, one)),
  46,
)}`
}
