/**
 * What a source file does, read from its syntax tree: what it imports, and which ambient things it touches. Comments and
 * strings cannot confuse it, and neither can another way of writing the same.
 */
import { parseAst } from "vitest/node"

export interface Import {
  /** As written; `computed` when it is no literal. */
  readonly from: string
  /** Imported names; `*` when everything is. */
  readonly names: ReadonlyArray<string>
}

export interface SourceFacts {
  readonly imports: ReadonlyArray<Import>
  /** Time, chance and scheduling, as written: `Date.now`, `setTimeout`, `Effect.runPromise` … */
  readonly ambient: ReadonlyArray<string>
  /** Work that ends in a microtask: `async`, `await`, `Promise`, `Effect.promise` … */
  readonly promises: ReadonlyArray<string>
  /** The process, the network, the console: globals through which the world is reached. */
  readonly outside: ReadonlyArray<string>
}

/** Of the same text read once: several rules ask. */
export const factsOf = (path: string, text: string): SourceFacts => {
  const known = read.get(text)
  if (known !== undefined) return known
  const found = factsIn(path, text)
  read.set(text, found)
  return found
}

const read = new Map<string, SourceFacts>()

const factsIn = (path: string, text: string): SourceFacts => {
  const program = parseAst(text, { lang: "ts" }, path) as unknown as SyntaxNode
  const declared = new Set<string>()
  visit(program, undefined, "", (node, parent, key) => {
    if (node.type === "Identifier" && isDeclaration(parent, key)) declared.add(node["name"] as string)
  })
  const imports: Array<Import> = []
  const [ambient, promises, outside] = [new Set<string>(), new Set<string>(), new Set<string>()]
  visit(program, undefined, "", (node, parent, key) => {
    const found = importOf(node)
    if (found !== undefined) imports.push(found)
    if (isClock(node)) ambient.add("new Date()")
    if (node["async"] === true) promises.add("async")
    if (node.type === "AwaitExpression" || node["await"] === true) promises.add("await")
    const member = memberOf(node)
    if (member !== undefined) {
      const name = `${member.object}.${member.property}`
      if (ambientMembers.test(name) || ambientMethods.has(member.property)) ambient.add(name)
      if (promiseMembers.test(name)) promises.add(name)
    }
    if (node.type !== "Identifier" || !isReference(parent, key)) return
    const name = node["name"] as string
    if (declared.has(name)) return
    if (ambientGlobals.has(name)) ambient.add(name)
    if (name === "Date" && !isHarmlessDate(parent, key)) ambient.add("Date")
    if (name === "Math" && memberOf(parent) === undefined) ambient.add("Math")
    if (name === "Promise") promises.add(name)
    if (outsideGlobals.has(name)) outside.add(name)
  })
  return { imports, ambient: [...ambient], promises: [...promises], outside: [...outside] }
}

// what counts --------------------------------------------------------------------------------------------------------

const ambientGlobals = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
  "queueMicrotask",
  "performance",
  "crypto",
  "scheduler",
  "Temporal",
  "MessageChannel",
  "Atomics",
  "FinalizationRegistry",
  "WeakRef",
  "globalThis",
  "global",
  "eval",
  "Function",
])
const outsideGlobals = new Set([
  "process",
  "console",
  "fetch",
  "WebSocket",
  "EventSource",
  "Worker",
  "BroadcastChannel",
  "navigator",
  "localStorage",
  "require",
])
/** Effect's own ways to the real clock: a run without given services, and the `…Unsafe` readers of the time. */
const ambientMembers =
  /^(Date\.now|Math\.random|process\.(hrtime|nextTick|uptime)|AbortSignal\.timeout|console\.time|Effect\.run(Promise|Sync|Fork|Callback)(Exit)?|(DateTime|Clock|Random)\.\w*[uU]nsafe|ManagedRuntime\.make)$/
const ambientMethods = new Set(["randomUUID", "randomBytes", "randomInt", "randomFill", "randomFillSync", "getRandomValues", "hrtime"])
const promiseMembers = /^Effect\.(promise|tryPromise|runPromise\w*|callbackPromise)$/

// reading the tree ---------------------------------------------------------------------------------------------------

interface SyntaxNode {
  readonly type: string
  readonly [key: string]: unknown
}

const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

const visit = (
  node: SyntaxNode,
  parent: SyntaxNode | undefined,
  key: string,
  see: (node: SyntaxNode, parent: SyntaxNode | undefined, key: string) => void,
): void => {
  see(node, parent, key)
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, node, name, see)
  }
}

const literal = (node: unknown): string | undefined => {
  if (!isNode(node)) return undefined
  if (node.type === "Literal" && typeof node["value"] === "string") return node["value"]
  const quasis = node.type === "TemplateLiteral" ? (node["quasis"] as ReadonlyArray<{ value: { cooked: string } }>) : []
  return quasis.length === 1 ? quasis[0]!.value.cooked : undefined
}

/** `import "x"`, `import … from`, `export … from`, `import("x")`, the type `import("x").T`, `new URL("./x", import.meta.url)`. */
const importOf = (node: SyntaxNode): Import | undefined => {
  switch (node.type) {
    case "ImportDeclaration":
      return { from: literal(node["source"])!, names: (node["specifiers"] as ReadonlyArray<SyntaxNode>).map(importedName) }
    case "ExportNamedDeclaration":
      return node["source"] === null
        ? undefined
        : { from: literal(node["source"])!, names: (node["specifiers"] as ReadonlyArray<SyntaxNode>).map(({ local }) => nameOf(local)) }
    case "ExportAllDeclaration":
    case "TSImportType":
    case "ImportExpression":
      return { from: literal(node["source"]) ?? "computed", names: ["*"] }
    case "CallExpression": {
      const callee = memberOf(node["callee"])
      return callee?.property === "resolve" && callee.object === "import.meta" ? { from: firstArgument(node), names: ["*"] } : undefined
    }
    case "NewExpression": {
      const [, base] = node["arguments"] as ReadonlyArray<SyntaxNode>
      return nameOf(node["callee"]) === "URL" && memberOf(base)?.object === "import.meta"
        ? { from: firstArgument(node), names: ["*"] }
        : undefined
    }
  }
  return undefined
}

const firstArgument = (call: SyntaxNode): string => literal((call["arguments"] as ReadonlyArray<SyntaxNode>)[0]) ?? "computed"

const importedName = (specifier: SyntaxNode): string =>
  specifier.type === "ImportSpecifier" ? nameOf(specifier["imported"]) : specifier.type === "ImportDefaultSpecifier" ? "default" : "*"

const nameOf = (node: unknown): string => (isNode(node) && node.type === "Identifier" ? (node["name"] as string) : (literal(node) ?? ""))

/** `a.b`, `a["b"]`, `a?.b`. */
const memberOf = (node: unknown): { readonly object: string; readonly property: string } | undefined => {
  if (!isNode(node) || node.type !== "MemberExpression") return undefined
  const property = node["computed"] === true ? literal(node["property"]) : nameOf(node["property"])
  const object = node["object"] as SyntaxNode
  return { object: object.type === "MetaProperty" ? "import.meta" : nameOf(object), property: property ?? "" }
}

/** `new Date()`, or `Date(…)`, which is now whatever it is given. */
const isClock = (node: SyntaxNode): boolean =>
  nameOf(node["callee"]) === "Date" &&
  (node.type === "CallExpression" || (node.type === "NewExpression" && (node["arguments"] as ReadonlyArray<unknown>).length === 0))

/** Constructing a moment from a number, `Date.parse` and the like, and `instanceof Date` need no clock. */
const isHarmlessDate = (parent: SyntaxNode | undefined, key: string): boolean =>
  parent !== undefined &&
  (parent.type === "NewExpression" ||
    parent.type === "BinaryExpression" ||
    (parent.type === "MemberExpression" && key === "object" && memberOf(parent)?.property !== ""))

const isReference = (parent: SyntaxNode | undefined, key: string): boolean => {
  if (parent === undefined || isDeclaration(parent, key) || parent.type.startsWith("TS")) return false
  const isName = key === "property" || key === "key"
  return !(isName && parent["computed"] !== true && (parent.type !== "Property" || parent["shorthand"] !== true))
}

const isDeclaration = (parent: SyntaxNode | undefined, key: string): boolean =>
  parent !== undefined &&
  ((parent.type === "VariableDeclarator" && key === "id") ||
    (key === "params" && /Function/.test(parent.type)) ||
    (key === "id" && /^(Function|Class)/.test(parent.type)) ||
    (key === "local" && parent.type.startsWith("Import")) ||
    (parent.type === "CatchClause" && key === "param"))
