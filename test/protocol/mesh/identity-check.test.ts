/** What a domain says of a peer's key, and what that comes to. */
import { describe, expect, it } from "vitest"
import { makeProof } from "../../../src/protocol/gossip/kinds/proof.ts"
import { verify } from "../../../src/protocol/identity/ed25519.ts"
import { registryProofLifeMs } from "../../../src/protocol/limits.ts"
import { domainsOf, type Evidence, type Inspected, judge, tierOf } from "../../../src/protocol/mesh/identity-check.ts"
import { noon, registryOf } from "../../support/builders.ts"

const domain = "zns01.example"
const peer = registryOf(2)
const other = registryOf(3)
const fingerprint = `sha256:${"ab".repeat(32)}`
const expiresAt = noon + registryProofLifeMs / 1_000
const nowMs = noon * 1_000
const documentOf = (by: typeof peer, over: { domain?: string; fingerprint?: string } = {}) =>
  JSON.stringify(makeProof(by, { domain, fingerprint, issuedAt: noon, expiresAt, ...over }))
const recordOf = (by: typeof peer) => `v=zynd1 id=${by.registryId} key=${by.publicKey}`

const inspected: Inspected = { registryId: peer.registryId, publicKey: peer.publicKey, isConfigured: false, claims: domain }
const found = (over: Partial<Evidence> = {}): Evidence => ({ domain, fingerprint, records: [], ...over })
const verdict = (evidence: Partial<Evidence>, over: Partial<Inspected> = {}, at = nowMs) =>
  judge({ ...inspected, ...over }, [found(evidence)], at, verify)
const nothing = { layers: [] }

describe("a peer whose domain speaks for it", () => {
  it("is verified by what is there", () => {
    expect(verdict({ document: documentOf(peer) })).toEqual({ layers: ["proof", "tls"] })
    expect(verdict({ document: documentOf(peer), records: ["v=spf1 -all", recordOf(peer)] }).layers.toSorted()).toEqual([
      "dns",
      "proof",
      "tls",
    ])
    const spelled = `key=${peer.publicKey}  v=zynd1 id=${peer.registryId}`
    expect(verdict({ records: [spelled] })).toEqual({ layers: ["dns"] })
    expect(verdict({})).toEqual(nothing)
  })

  it("is verified only for the domain that it claims", () => {
    expect(verdict({ document: documentOf(peer), records: [recordOf(peer)] }, { claims: undefined })).toEqual(nothing)
    expect(verdict({ document: documentOf(peer, { domain: "zns02.example" }) })).toEqual(nothing)
  })

  it("is not verified by a copy behind another certificate, an old proof, or one that nobody signed", () => {
    const document = documentOf(peer)
    expect(verdict({ document, fingerprint: `sha256:${"cd".repeat(32)}` })).toEqual(nothing)
    expect(verdict({ document }, {}, expiresAt * 1_000)).toEqual(nothing)
    expect(verdict({ document: document.replace(/"expires_at":"20\d\d/, '"expires_at":"2099') })).toEqual(nothing)
    for (const none of ["", "{}", "[]", "<html>", document.slice(1)]) expect(verdict({ document: none })).toEqual(nothing)
  })
})

describe("a peer whose domain names another key", () => {
  const published = { because: "published", domain, expected: other.publicKey }
  const dns = { because: "dns", domain, expected: other.publicKey }

  it("is refuted, whether it claims the domain or was dialled there", () => {
    for (const claims of [domain, undefined]) {
      expect(verdict({ document: documentOf(other) }, { claims })).toEqual({ layers: [], contradiction: published })
      expect(verdict({ records: [recordOf(other)] }, { claims })).toEqual({ layers: [], contradiction: dns })
    }
    expect(verdict({ document: documentOf(peer), records: [recordOf(other)] })).toEqual({ layers: [], contradiction: dns })
  })

  it("is not refuted by what proves nothing", () => {
    expect(verdict({ document: documentOf(other), fingerprint: "sha256:00" })).toEqual(nothing)
    const broken = ["v=zynd2 id=x key=y", `v=zynd1 id=${peer.registryId} key=${other.publicKey}`, "v=zynd1", ""]
    expect(verdict({ records: broken })).toEqual(nothing)
  })

  it("is not refuted where the DNS names both, or where the operator knows the key", () => {
    const both = [recordOf(other), recordOf(peer)]
    expect(verdict({ document: documentOf(other), records: both })).toEqual({ layers: ["dns"] })
    expect(verdict({ document: documentOf(other), records: [recordOf(other)] }, { isConfigured: true })).toEqual(nothing)
  })
})

it("looks at domains, not at addresses, and at each once", () => {
  expect(domainsOf("ZNS01.example", "zns01.example")).toEqual(["zns01.example"])
  expect(domainsOf("boot.example", "zns01.example")).toEqual(["boot.example", "zns01.example"])
  for (const none of ["127.0.0.1", "::1", "localhost", "n0", "a..b", "-a.example", "a.example/x", undefined])
    expect(domainsOf(none, none)).toEqual([])
})

it("knows an identity better with every layer", () => {
  expect([tierOf([], 2), tierOf(["dns"], 0), tierOf(["proof", "tls"], 0), tierOf(["proof", "tls", "dns"], 2), tierOf([], 3)]).toEqual([
    "self-announced",
    "self-announced",
    "domain-verified",
    "dns-published",
    "mesh-verified",
  ])
})
