/** What the operator does not want on a running node: `block`, `unblock`, `blocked`. */
import { Effect } from "effect"
import { columns } from "../columns.ts"
import type { ClientCommand } from "./client-command.ts"
import { asList, asObject, at, printable, textIn } from "./registry.ts"
import { asOperator, operatorFlag } from "./network.ts"

const subject = { name: "SUBJECT" }
const what = "an entity's or a developer's id, a registry's id or key, or a host with all below it"

export const blockSubject: ClientCommand = {
  name: "block",
  help: `Blocks ${what}. What is covered is not shown, found, resolved or passed on by this node, and a registry is not spoken with.
Other nodes go on as before. The reason is for you: clients are told nothing of it.`,
  positions: [subject],
  flags: [{ name: "reason", takes: "TEXT", doc: "why, for the log and the list", isRequired: true }, operatorFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const body = { subject: given.position("SUBJECT")!, reason: given.text("reason")! }
    const json = yield* asOperator("block", given, circumstances, "POST", "/v1/admin/blocks", body)
    const hidden = Number(asObject(json)["entities"] ?? 0)
    return { json, text: `the ${textIn(json, "kind")} ${textIn(json, "subject")} is blocked, which hides ${hidden} entities more` }
  }),
}

export const unblockSubject: ClientCommand = {
  name: "unblock",
  help: "Ends a block.",
  positions: [subject],
  flags: [operatorFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const json = yield* asOperator("unblock", given, circumstances, "DELETE", at("v1", "admin", "blocks", given.position("SUBJECT")!))
    return { json, text: `the ${textIn(json, "kind")} ${textIn(json, "subject")} is blocked no longer` }
  }),
}

export const listBlocks: ClientCommand = {
  name: "blocked",
  help: "What this node blocks, since when and why.",
  flags: [operatorFlag],
  run: Effect.fnUntraced(function* (given, circumstances) {
    const json = yield* asOperator("blocked", given, circumstances, "GET", "/v1/admin/blocks")
    const rows = asList(asObject(json)["blocks"]).map((block) => [
      textIn(block, "kind"),
      textIn(block, "subject"),
      textIn(block, "since"),
      printable(textIn(block, "reason")),
    ])
    return { json, text: rows.length === 0 ? "nothing is blocked" : columns([["KIND", "SUBJECT", "SINCE", "REASON"], ...rows]) }
  }),
}
