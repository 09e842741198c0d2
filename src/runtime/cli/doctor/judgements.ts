/** What follows from what was met: the doctor's rules, without looking at anything. */
import type { RegistryId } from "../../../protocol/identity/id.ts"
import type { PublicKey } from "../../../protocol/identity/key.ts"
import { clockSkewMaxMs } from "../../../protocol/limits.ts"
import { broken, type Finding, note, ok } from "./finding.ts"

/** Who answers where our HTTP should be: nobody, us, or somebody else. */
export const judgePort = (
  about: string,
  listens: string,
  isFree: boolean,
  answering: string | undefined,
  own: RegistryId | undefined,
): Finding => {
  if (isFree) return ok(about, `${listens} is free`)
  if (own !== undefined && answering === own) return ok(about, `${listens} is served by this node`)
  return broken(
    about,
    `${listens} is taken${answering === undefined ? "" : ` by registry ${answering}`}`,
    "stop who has it, or choose another port",
  )
}

/** The clock against another one. Announcements that are too far ahead are refused by every node. */
export const judgeClock = (offByMs: number, of: string): Finding => {
  const seconds = Math.round(Math.abs(offByMs) / 1_000)
  const says = `${seconds} s ${offByMs >= 0 ? "ahead of" : "behind"} ${of}`
  if (seconds <= 2) return ok("clock", `agrees with ${of}`)
  const advice = "let a time service set it (systemd-timesyncd, chrony)"
  return Math.abs(offByMs) > clockSkewMaxMs ? broken("clock", says, advice) : note("clock", says, advice)
}

/** A peer's key against the one that the operator wrote behind its address. */
export const judgePeer = (address: string, met: PublicKey, configured: PublicKey | undefined): Finding => {
  const about = `peer ${address}`
  if (configured === undefined)
    return note(about, `answers with ${met}`, `pin it: --bootstrap ${address}#${met}, once its operator confirms that key`)
  if (met === configured) return ok(about, "answers with the configured key")
  return broken(about, `answers with ${met}, and ${configured} is configured`, "ask its operator; somebody else may be answering there")
}

/** TXT records at `_zynd.<host>`: `v=zynd1 id=<registry id> key=ed25519:<key>` (reference 6). */
export const judgeDns = (host: string, texts: ReadonlyArray<string> | undefined, own: RegistryId, key: PublicKey): Finding => {
  const about = `DNS of ${host}`
  const wanted = `v=zynd1 id=${own} key=${key}`
  const said = (texts ?? []).map((text) => text.trim()).filter((text) => text.startsWith("v=zynd1"))
  if (said.length === 0) return note(about, "no key is published", `a TXT record at _zynd.${host} with: ${wanted}`)
  const isOurs = said.some(
    (text) => membersOf(text).get("key")?.replace("ed25519:", "") === key.replace("ed25519:", "") && membersOf(text).get("id") === own,
  )
  return isOurs
    ? ok(about, "publishes this node's key")
    : broken(about, "publishes another key", `peers that look there refuse this node; it should be: ${wanted}`)
}

const membersOf = (text: string): ReadonlyMap<string, string> =>
  new Map(text.split(/\s+/).map((member) => [member.slice(0, member.indexOf("=")), member.slice(member.indexOf("=") + 1)] as const))

/** Who answers at the public URL. */
export const judgeEndpoint = (url: string, answering: string | undefined, own: RegistryId): Finding => {
  if (answering === own) return ok("public URL", `${url} is this node`)
  if (answering === undefined)
    return broken(
      "public URL",
      `nobody answers at ${url} as a registry does`,
      "the node must run, and the proxy in front pass /v1 on to it",
    )
  return broken("public URL", `${url} is registry ${answering}`, "set [server] https_endpoint to where this node is reached")
}
