/**
 * Identity of registries over a mesh, in virtual time: proofs and DNS of domains as each test says they are, looked at by
 * nodes, attested, and believed; and a peer that its domain refutes is left.
 */
import { Context, Effect } from "effect"
import { expect, it } from "vitest"
import type { Happening } from "../../src/actors/happening.ts"
import { makeProof } from "../../src/protocol/gossip/kinds/proof.ts"
import { secretKeyOf, sign } from "../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../src/protocol/identity/id.ts"
import { attestersForMeshVerified, banMs, inspectionDelayMs, inspectionRetryMs } from "../../src/protocol/limits.ts"
import { proofUrl, recordName } from "../../src/protocol/mesh/identity-check.ts"
import { defaultSettings } from "../../src/runtime/node-settings.ts"
import { Dns, NotFetched, OwnCertificate, Web } from "../../src/runtime/web.ts"
import { type Machine, World } from "../../src/sim/world.ts"

const host = "zns01.example"
const fingerprint = `sha256:${"ab".repeat(32)}`

/** `count` nodes that all dial each other; the first one has the domain. */
const mesh = (count: number) => {
  const world = new World({ seed: 5, codec: "wire", weather: { latencyMs: () => 20, jitter: 0, loss: 0, duplicate: 0, reorder: 0 } })
  const machines = Array.from({ length: count }, (_, i) => world.addMachine(i === 0 ? host : `n${i}.example`))
  const pages = new Map<string, string>()
  const records = new Map<string, ReadonlyArray<string>>()
  const asked: Array<string> = []
  const web: Web = {
    get: ({ url }) => {
      asked.push(url)
      const text = pages.get(url)
      return text === undefined ? new NotFetched({ why: "no-answer" }) : Effect.succeed({ type: "document", text, fingerprint })
    },
  }
  const dns: Dns = { txt: (name) => Effect.succeed(records.get(name) ?? []) }
  const certificate = { met: fingerprint }
  const happened: Array<readonly [Machine, Happening]> = []
  world.onHappening = (machine, happening) => void happened.push([machine, happening])
  machines.forEach((machine, i) =>
    world.boot(
      machine,
      {
        ...defaultSettings,
        version: "test",
        wantedPeers: 0,
        inspects: true,
        ...(i === 0 && { registryHost: host }),
        bootstrap: machines.filter((other) => other.index < i).map(({ name }) => ({ address: { host: name, port: 4001 } })),
      },
      (own) => {
        const seen = own.pipe(Context.add(Web, web), Context.add(Dns, dns))
        return i === 0 ? Context.add(seen, OwnCertificate, { fingerprint: Effect.sync(() => certificate.met) }) : seen
      },
    ),
  )
  const home = machines[0]!
  const proof = () => world.perform(home, Effect.orDie(home.node!.service.proof))
  const publish = () => pages.set(proofUrl(host), JSON.stringify(proof().document))
  const seenBy = (machine: Machine) =>
    world.perform(machine, machine.node!.service.peers).find(({ registryId }) => registryId === idOf("registry", home.key))
  let untilMs = 0
  const pass = (ms: number) => world.run((untilMs += ms))
  return { world, machines, home, pages, records, asked, certificate, happened, proof, publish, seenBy, pass }
}

it("an identity is known better and better: by the domain, by its DNS, by three who looked themselves", () => {
  const { machines, pass, publish, seenBy } = mesh(attestersForMeshVerified + 2)
  const last = machines.at(-1)!
  pass(2_000)
  expect(seenBy(last)).toMatchObject({ tier: "self-announced", layers: [] })
  publish()
  pass(inspectionDelayMs)
  expect(seenBy(last)).toMatchObject({ tier: "domain-verified", layers: ["proof", "tls"] })
  // once the others have said so, it is known without looking; they are pinned where they were dialled
  pass(70_000)
  expect(seenBy(last)?.tier).toBe("mesh-verified")
  expect(seenBy(machines[1]!)?.tier).toBe("domain-verified")

  const dns = mesh(2)
  dns.records.set(recordName(host), [`v=zynd1 id=${idOf("registry", dns.home.key)} key=${dns.home.key}`])
  dns.publish()
  dns.pass(2_000 + inspectionDelayMs)
  expect(dns.seenBy(dns.machines[1]!)).toMatchObject({ tier: "dns-published" })
})

it("a domain that did not answer is asked again, and keeps nobody waiting", () => {
  const { asked, machines, pass, publish, seenBy } = mesh(2)
  pass(2_000 + inspectionDelayMs)
  expect(asked).toContain(proofUrl(host))
  expect(seenBy(machines[1]!)).toMatchObject({ tier: "self-announced" })
  publish()
  pass(inspectionRetryMs)
  expect(seenBy(machines[1]!)).toMatchObject({ tier: "domain-verified" })
})

it("a peer whose domain names another key is left, the log says why, and it is not back at once", () => {
  const { happened, home, machines, pages, pass, seenBy } = mesh(2)
  const thief = secretKeyOf(new Uint8Array(32).fill(7))
  const registryId = idOf("registry", thief.publicKey)
  const lasting = { issuedAt: 0, expiresAt: 4_000_000_000 }
  const said = makeProof(
    { registryId, publicKey: thief.publicKey, sign: (text) => sign(thief, text) },
    { domain: host, fingerprint, ...lasting },
  )
  pages.set(proofUrl(host), JSON.stringify(said))
  pass(2_000)
  expect(seenBy(machines[1]!)).toBeDefined()
  pass(inspectionDelayMs)
  expect(seenBy(machines[1]!)).toBeUndefined()
  const told = happened.filter(([machine, { type }]) => machine === machines[1] && type === "key.contradicted")
  expect(told.map(([, happening]) => happening)).toEqual([
    {
      type: "key.contradicted",
      address: `${host}:4001`,
      met: home.key,
      expected: thief.publicKey,
      because: "published",
      domain: host,
    },
  ])
  pass(banMs / 2)
  expect(seenBy(machines[1]!)).toBeUndefined()
})

it("the proof names the certificate that is met, and is signed anew when that changes", () => {
  const { certificate, pass, proof } = mesh(1)
  pass(1_000)
  const first = proof()
  expect([first.fingerprint, first.domain]).toEqual([fingerprint, host])
  pass(120_000)
  expect(proof().document).toEqual(first.document)
  certificate.met = `sha256:${"cd".repeat(32)}`
  pass(60_000)
  expect(proof().fingerprint).toBe(certificate.met)
  expect(proof().issuedAt).toBeGreaterThan(first.issuedAt)
})
