/**
 * Kinds of values a setting can have: how each is read from a flag or a variable (text) and from a file (TOML's values).
 *
 * An impossible value comes back as the rest of a sentence that begins with the setting's name, never as an exception.
 */
import * as Redacted from "effect/Redacted"
import { type PublicKey, readKey } from "../../protocol/identity/key.ts"
import { type Address, readAddress, writeAddress } from "../../protocol/mesh/address.ts"

export class Wrong {
  readonly sentence: string
  constructor(sentence: string) {
    this.sentence = sentence
  }
}

export interface Kind<A> {
  /** How a value is shown in help: `HOST:PORT`. */
  readonly shape: string
  /** How a file writes it. */
  readonly inFile: "text" | "number" | "boolean" | "list"
  /** Its text is nobody's business: it is not repeated in a complaint. */
  readonly isSecret: boolean
  readonly read: (text: string) => A | Wrong
  /** A value back as text, where it may be shown. */
  readonly write: (value: A) => string
}

/** Reads what stood in a file; a list is read as its members joined by commas, as in a flag. */
export const readFromFile = <A>(kind: Kind<A>, value: unknown): A | Wrong => {
  const read = inFile[kind.inFile](value)
  return read === undefined ? new Wrong(`must be ${asTold[kind.inFile]} in a file`) : kind.read(read)
}

const asTold = { text: "text in quotes", number: "a number without quotes", boolean: "true or false", list: "a list of texts in brackets" }

const inFile: Record<Kind<unknown>["inFile"], (value: unknown) => string | undefined> = {
  text: (value) => (typeof value === "string" ? value : undefined),
  number: (value) => (typeof value === "number" || typeof value === "bigint" ? String(value) : undefined),
  boolean: (value) => (typeof value === "boolean" ? String(value) : undefined),
  list: (value) => {
    if (!Array.isArray(value) || !value.every((member) => typeof member === "string")) return undefined
    return value.some((member) => member.includes(",")) ? undefined : value.join(",")
  },
}

const kind = <A>(shape: string, read: Kind<A>["read"], more: Partial<Kind<A>> = {}): Kind<A> => ({
  shape,
  inFile: "text",
  isSecret: false,
  read,
  write: String,
  ...more,
})

export const text = (shape = "TEXT"): Kind<string> => kind(shape, (value) => value)

/** A file or a directory; `~/` in front is the user's home (resolved in `decide.ts`). */
export const path = (shape: string): Kind<string> => kind(shape, (value) => (value.includes("\0") ? new Wrong("is not a path") : value))

export const secret: Kind<Redacted.Redacted> = kind("SECRET", (value) => Redacted.make(value), { isSecret: true, write: () => "(secret)" })

export const whole = (least: number, most: number): Kind<number> =>
  kind(
    "N",
    (value) => {
      const number = /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN
      return number >= least && number <= most ? number : new Wrong(`must be a whole number from ${least} to ${most}`)
    },
    { inFile: "number" },
  )

export const fraction = (least: number, most: number): Kind<number> =>
  kind(
    "X",
    (value) => {
      const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : Number.NaN
      return number >= least && number <= most ? number : new Wrong(`must be a number from ${least} to ${most}`)
    },
    { inFile: "number" },
  )

export const yesNo: Kind<boolean> = kind(
  "true|false",
  (value) => (value === "true" ? true : value === "false" ? false : new Wrong("must be true or false")),
  { inFile: "boolean" },
)

export const choice = <const C extends string>(...choices: ReadonlyArray<C>): Kind<C> =>
  kind(choices.join("|"), (value) => choices.find((one) => one === value) ?? new Wrong(`must be one of ${choices.join(", ")}`))

/** `host:port`; port 0 asks for a free one. */
export const address: Kind<Address> = kind(
  "HOST:PORT",
  (value) => readAddress(value) ?? new Wrong("must be HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080"),
  { write: writeAddress },
)

export const host: Kind<string> = kind("HOST", (value) =>
  /^[^\s/?#[\]]{1,253}$/.test(value) ? value : new Wrong("must be the name or the address of this machine, without a port"),
)

/** Of a public key, as the registry page writes it. */
export const fingerprint: Kind<string> = kind("sha256:HEX", (value) =>
  /^sha256:[0-9a-f]{64}$/.test(value) ? value : new Wrong("must be sha256: and 64 digits from 0 to f"),
)

/** What PostgreSQL takes without quotes; names that begin with `pg_` are its own. */
export const schemaName: Kind<string> = kind("NAME", (value) =>
  /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(value)
    ? value
    : new Wrong("must be at most 63 of a-z, 0-9 and _, begin with no digit and not with pg_"),
)

const urlOf = (value: string, schemes: ReadonlyArray<string>): URL | undefined => {
  const url = URL.parse(value)
  return url !== null && schemes.includes(url.protocol) && (url.hostname !== "" || url.protocol.startsWith("postgres")) ? url : undefined
}

/** Where clients reach the node from outside; its host is the registry host of names. A path or a query would be lost there. */
export const httpUrl: Kind<string> = kind("URL", (value) =>
  urlOf(value, ["https:", "http:"]) === undefined
    ? new Wrong("must be a URL that begins with https:// or http://")
    : value.replace(/\/+$/, ""),
)

const secretUrl = (...schemes: ReadonlyArray<string>): Kind<Redacted.Redacted> => ({
  ...secret,
  shape: "URL",
  read: (value) => {
    const begins = schemes.map((scheme) => `${scheme}//`).join(" or ")
    return urlOf(value, schemes) === undefined ? new Wrong(`must be a URL that begins with ${begins}`) : Redacted.make(value)
  },
})

export const postgresUrl = secretUrl("postgres:", "postgresql:")
export const redisUrl = secretUrl("redis:", "rediss:")

export const list = (shape: string): Kind<ReadonlyArray<string>> =>
  kind(shape, membersOf, { inFile: "list", write: (members) => members.join(",") })

const membersOf = (value: string): ReadonlyArray<string> =>
  value
    .split(",")
    .map((member) => member.trim())
    .filter((member) => member !== "")

/** A peer to begin with, and its key where the operator knows it from elsewhere. */
export interface BootstrapPeer {
  readonly address: Address
  readonly key?: PublicKey
}

/** A peer without a port listens where the pages say that nodes listen. */
const meshPort = 4001

export const bootstrapPeers = kind<ReadonlyArray<BootstrapPeer>>(
  "HOST:PORT[#ed25519:KEY],…",
  (value) => {
    const peers: Array<BootstrapPeer> = []
    for (const member of membersOf(value)) {
      const [where = "", key, ...rest] = member.split("#")
      const at = readAddress(/[:\]]/.test(where) ? where : `${where}:${meshPort}`)
      if (at === undefined || at.port === 0 || rest.length > 0) return new Wrong(`must name each peer as HOST:PORT, not "${member}"`)
      if (key === undefined) peers.push({ address: at })
      else {
        const read = readKey(key)
        if (read === undefined)
          return new Wrong(`has a key that is none behind ${where}: ed25519: and 44 characters of base64 are expected`)
        peers.push({ address: at, key: read })
      }
    }
    return peers
  },
  {
    inFile: "list",
    write: (peers) => peers.map(({ address: at, key }) => writeAddress(at) + (key === undefined ? "" : `#${key}`)).join(","),
  },
)

/** Public keys, as `agentdns identity` prints them. */
export const keys = kind<ReadonlyArray<PublicKey>>(
  "ed25519:KEY,…",
  (value) => {
    const members = membersOf(value)
    const read = members.map(readKey)
    const wrong = members.find((_, i) => read[i] === undefined)
    return wrong === undefined
      ? read.filter((key) => key !== undefined)
      : new Wrong(`has a key that is none: ${wrong}; ed25519: and 44 characters of base64 are expected`)
  },
  { inFile: "list", write: (all) => all.join(",") },
)
