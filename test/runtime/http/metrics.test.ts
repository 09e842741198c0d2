/** What `/metrics` serves, the operator's table, and what the dashboard draws are the same metrics. */
import { readFileSync } from "node:fs"
import { Effect, Redacted } from "effect"
import { expect, it } from "vitest"
import { eventually } from "../../support/real-nodes.ts"
import { realNode } from "../../support/real-nodes.ts"
import { servedNode } from "../../support/served-node.ts"
import { makeMemoryStore } from "../../../src/runtime/store/memory.ts"
import { call } from "./serving.ts"

interface Metric {
  readonly type: string
  readonly help: string
  readonly labels: ReadonlyArray<string>
}

const file = (name: string) => readFileSync(new URL(`../../../deploy/${name}`, import.meta.url), "utf8")

/** Rows of the table: name, type, labels, meaning. */
const documented = (): ReadonlyMap<string, Metric> =>
  new Map(
    [...file("README.md").matchAll(/^\| `(\w+)` \| (gauge|counter) \| ((?:`\w+` ?)*)\| (\S.*) \|$/gm)].map(
      ([, name, type, labels, help]) => [
        name!,
        { type: type!, help: help!.replaceAll("`", ""), labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!) },
      ],
    ),
  )

const served = (page: string): ReadonlyMap<string, Metric> =>
  new Map(
    [...page.matchAll(/^# HELP (\w+) (.+)\n# TYPE \1 (\w+)$/gm)].map(([, name, help, type]) => {
      const sample = new RegExp(`^${name}(?:\\{(.*)\\})? `, "m").exec(page)
      return [name!, { type: type!, help: help!, labels: [...(sample?.[1] ?? "").matchAll(/(\w+)="/g)].map(([, label]) => label!) }]
    }),
  )

it("every metric that is served is in the operator's table, and the reverse", async () => {
  const program = Effect.gen(function* () {
    const { node, url } = yield* servedNode(0x6501, { adminToken: Redacted.make("x") })
    const { running } = yield* servedNode(0x6502)
    yield* realNode(0x6503, makeMemoryStore(), { bootstrap: [{ address: running.address }] })
    yield* node.block("evil.example", "spam")
    const peer = yield* servedNode(0x6504, {}, { bootstrap: [{ address: running.address }] })
    yield* eventually("they are connected", () => Effect.runSync(peer.node.peers).length > 0)
    const pages = yield* Effect.promise(() => Promise.all([url, peer.url].map((one) => call(`${one}/metrics`))))
    return pages.map(({ text }) => served(text))
  })
  const [blocking, connected] = (await Effect.runPromise(Effect.scoped(program))) as [
    ReadonlyMap<string, Metric>,
    ReadonlyMap<string, Metric>,
  ]
  const table = documented()
  expect([...blocking.keys()].sort()).toEqual([...table.keys()].sort())
  for (const [name, { help, labels, type }] of table) {
    const seen = [blocking, connected].map((page) => page.get(name)!)
    expect([name, ...seen.map((one) => one.type)]).toEqual([name, type, type])
    expect([name, ...seen.map((one) => one.help)]).toEqual([name, help, help])
    // a family without a sample shows no labels
    const labelled = seen.map((one) => one.labels).filter((said) => said.length > 0)
    for (const said of labelled) expect([name, said]).toEqual([name, labels])
    if (labels.length === 0) expect([name, labelled]).toEqual([name, []])
  }
})

it("the dashboard draws what there is", () => {
  const drawn = [...file("grafana.json").matchAll(/agentdns_\w+|process_\w+/g)].map(([name]) => name)
  expect(drawn.length).toBeGreaterThan(0)
  expect(drawn.filter((name) => !documented().has(name))).toEqual([])
})
