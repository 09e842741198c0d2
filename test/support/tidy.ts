/**
 * The rules of the tree, as functions of a path and a text, so that each can be shown a violation.
 *
 *     protocol  ◄──  actors  ◄──  runtime  ◄──  sim  ◄──  test, bench
 *                                   ▲
 *                  live · store · http  (leaves: cli, main.ts, zynd.ts, tests and bench wire them in)
 */
import { posix } from "node:path"
import { factsOf, type Import } from "./source-facts.ts"

interface Place {
  /** Places of ours it may import. */
  readonly ours: ReadonlyArray<string>
  readonly packages: RegExp
  /** Names it may import of a package; a package that is not listed may be imported whole. */
  readonly names?: Readonly<Record<string, RegExp>>
  /** A leaf may reach the world: process, network. Only `ambient` places may read clocks, draw numbers, set timers. */
  readonly isLeaf?: boolean
  readonly isAmbient?: boolean
  /** May print. */
  readonly speaks?: boolean
}

const inner = ["src/protocol", "src/actors"]
const runtime = [...inner, "src/runtime"]
/** The one store that simulated nodes use, and the rules it shares with the others: these must not reach for SQL. */
const memoryStore = ["src/runtime/store/memory*", "src/runtime/store/shown*"]
/** Signatures by the fastest engine there is: it reckons, and touches no world. */
const signatures = ["src/runtime/live/ed25519*"]
const leaves = [
  "src/runtime/live",
  ...signatures,
  "src/runtime/store",
  ...memoryStore,
  "src/runtime/embedding",
  "src/runtime/http",
  "src/runtime/cli",
]
const anything = /./

/** What of Effect is data: nothing that runs, waits or draws. */
const dataModules =
  /^(Array|BigInt|Brand|Chunk|Data|Equal|Equivalence|Function|Hash|HashMap|HashSet|Match|Number|Option|Order|Predicate|Record|Result|Schema\w*|String|Struct|Tuple|Types|absurd|flow|identity|pipe)$/

/** Path, or `prefix*`, of a place → its rule. The longest place that fits a path is its place. */
const places: Readonly<Record<string, Place>> = {
  "src/protocol": {
    ours: ["src/protocol"],
    packages: /^(effect|effect\/Schema|@noble\/.+|node:crypto|stemmer)$/,
    names: {
      effect: dataModules,
      "node:crypto": /^(hash|createHash|sign|verify|createPrivateKey|createPublicKey|timingSafeEqual|KeyObject|X509Certificate)$/,
    },
  },
  "src/actors": { ours: inner, packages: /^xstate$/ },
  "src/runtime": { ours: runtime, packages: /^(effect|xstate)(\/|$)/ },
  "src/runtime/live": { ours: [...runtime, "src/runtime/live", ...signatures], packages: anything, isLeaf: true, isAmbient: true },
  "src/runtime/live/ed25519*": { ours: ["src/protocol"], packages: /^node:module$/, isLeaf: true },
  "src/runtime/store": { ours: [...runtime, "src/runtime/store", ...memoryStore], packages: anything, isLeaf: true },
  "src/runtime/store/memory*": { ours: [...runtime, ...memoryStore], packages: /^effect(\/|$)/ },
  "src/runtime/store/shown*": { ours: [...runtime, ...memoryStore], packages: /^effect(\/|$)/ },
  "src/runtime/embedding": { ours: [...runtime, "src/runtime/embedding"], packages: anything, isLeaf: true },
  "src/runtime/http": { ours: [...runtime, "src/runtime/http"], packages: anything, isLeaf: true },
  /** What browsers run: theirs is another clock than the node's. */
  "src/runtime/http/page": { ours: ["src/runtime/http/page"], packages: /^$/, isLeaf: true, isAmbient: true },
  "src/runtime/cli": { ours: [...runtime, ...leaves], packages: anything, isLeaf: true, isAmbient: true, speaks: true },
  "src/runtime/main.*": {
    ours: [...runtime, ...leaves, "src/runtime/main.*"],
    packages: anything,
    isLeaf: true,
    isAmbient: true,
    speaks: true,
  },
  "src/runtime/zynd.*": {
    ours: [...runtime, ...leaves, "src/runtime/zynd.*"],
    packages: anything,
    isLeaf: true,
    isAmbient: true,
    speaks: true,
  },
  "src/sim": { ours: [...runtime, ...memoryStore, "src/sim"], packages: /^(effect|xstate)(\/|$)/ },
  "src/sim/report": { ours: [...runtime, "src/sim", "src/sim/report"], packages: anything, isLeaf: true },
  "src/sim/sweep": { ours: [...runtime, "src/sim", "src/sim/sweep"], packages: anything, isLeaf: true },
  /** The same mesh for real: the only file of the simulator that knows sockets and the system's clock. */
  "src/sim/fidelity/real-mesh*": {
    ours: [...runtime, "src/runtime/live", ...memoryStore, "src/sim", "src/sim/fidelity/real-mesh*"],
    packages: anything,
    isLeaf: true,
    isAmbient: true,
  },
  "src/sim/cli": {
    ours: [...runtime, ...signatures, "src/sim", "src/sim/report", "src/sim/sweep", "src/sim/cli", "src/sim/fidelity/real-mesh*"],
    packages: anything,
    isLeaf: true,
    isAmbient: true,
    speaks: true,
  },
  "src/sim/main.ts": {
    ours: [...runtime, "src/sim", "src/sim/report", "src/sim/sweep", "src/sim/cli"],
    packages: anything,
    isLeaf: true,
    isAmbient: true,
    speaks: true,
  },
}

/** `undefined`: a file of src that has no place, which is a violation in itself. */
export const placeOf = (path: string): string | undefined =>
  Object.keys(places)
    .filter((place) => (place.endsWith("*") ? path.startsWith(place.slice(0, -1)) : path === place || path.startsWith(`${place}/`)))
    .sort((a, b) => b.length - a.length)[0]

/** What is wrong with a source file's imports: `path imports x: why`. */
export const wrongImports = (path: string, text: string): ReadonlyArray<string> => {
  const place = placeOf(path)
  if (place === undefined) return [`${path} is in no folder that the dependency rule knows`]
  return factsOf(path, text).imports.flatMap((one) => {
    const why = isRelative(one.from) ? wrongOurs(place, path, one.from) : wrongPackage(place, one)
    return why === undefined ? [] : [`${path} imports ${one.from}: ${why}`]
  })
}

const isRelative = (from: string): boolean => from.startsWith(".") || from.startsWith("/") || from.startsWith("file:")

const wrongOurs = (place: string, path: string, from: string): string | undefined => {
  if (!from.startsWith(".")) return "an absolute path"
  const target = posix.join(posix.dirname(path), from)
  const targetPlace = placeOf(target)
  // Data beside the code (a worker's file, SQL, a page) has the place of its folder, so the same rule holds.
  if (target === "package.json" && places[place]!.isLeaf === true) return undefined // the version
  if (targetPlace === undefined) return `${target} is outside src`
  return places[place]!.ours.includes(targetPlace) || target === place ? undefined : `${place} may not know ${targetPlace}`
}

const wrongPackage = (place: string, { from, names }: Import): string | undefined => {
  const { packages, names: allowedNames } = places[place]!
  if (from === "computed" && packages !== anything) return "what is imported is not written down"
  if (!packages.test(from)) return `${place} may not use this package`
  const refused = names.filter((name) => allowedNames?.[from]?.test(name) === false)
  return refused.length === 0 ? undefined : `${place} may not use ${refused.join(", ")} of it`
}

/** Time, chance and scheduling outside the places that provide them; and the world outside the leaves. */
export const wrongAmbient = (path: string, text: string): ReadonlyArray<string> => {
  const place = placeOf(path)
  if (place === undefined) return []
  const { isAmbient = false, isLeaf = false, speaks = false } = places[place]!
  const { imports, ambient, promises, outside } = factsOf(path, text)
  const timers = imports.flatMap(({ from, names }) => {
    if (/^(node:)?(timers(\/promises)?|perf_hooks)$/.test(from)) return [from]
    return /^(node:)?crypto$/.test(from) ? names.filter((name) => chance.test(name)) : []
  })
  return [
    ...(isAmbient ? [] : [...ambient, ...timers]),
    ...(isLeaf ? [] : [...promises, ...outside.filter((name) => name !== "console")]),
    ...(speaks ? [] : outside.filter((name) => name === "console")),
  ].map((what) => `${path} uses ${what}`)
}

const chance = /^(random|getRandom|webcrypto$|generateKey|generatePrime)/

/** Rules of wording and size, for every file in git. */
export const wrongText = (path: string, text: string): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const refuse = (rule: RegExp, why: string) => {
    const match = rule.exec(text)
    if (match !== null) wrong.push(`${path}:${text.slice(0, match.index).split("\n").length} ${why}: ${match[0].trim()}`)
  }
  const isCode = /\.(ts|mjs|js)$/.test(path)
  const most = path.startsWith("src/") ? linesMax : testLinesMax
  if (isCode && text.split("\n").length > most + 1) wrong.push(`${path} has more than ${most} lines`)
  if (isCode) refuse(/\b(?:it|test|describe|suite|bench)(?:\.\w+)*\.o[n]ly\b/, "runs only a part of the tests")
  refuse(/\b(?:TO[D]O|FIX[M]E|XX[X])\b/, "leaves a note instead of doing it")
  // Tests may invent somebody's home; anything else is a path that was left behind.
  if (!path.startsWith("test/")) refuse(/(?<![\w.:/])\/(?:home|Users)\/\w+/, "names a path of one machine")
  refuse(/(?<![\w.:/])\/(?:root|work)\/\w+|(?<![\w.:/$}])\/tmp\/\w+|\b[A-Z]:\\\\?Users\b/, "names a path of one machine")
  refuse(/\bregistry\.(?:n[p]mjs|y[a]rnpkg)\.\w+|"resolved":\s*"https?:|^\s*registry\s*=/m, "names a package registry")
  return wrong
}

export const linesMax = 450
/** Tables of examples are long, and harmless. */
const testLinesMax = 650
