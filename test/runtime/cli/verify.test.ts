/** Whether a registry is who its address promises, with a web and a DNS of ours. */
import { Effect, Exit } from "effect"
import { expect, it } from "vitest"
import { makeProof } from "../../../src/protocol/gossip/kinds/proof.ts"
import type { Registry } from "../../../src/runtime/cli/client/registry.ts"
import { verifyRegistry } from "../../../src/runtime/cli/client/verify.ts"
import { NotFetched } from "../../../src/runtime/web.ts"
import { registryOf } from "../../support/builders.ts"

const [us, them] = [registryOf(1), registryOf(2)]
const nowS = Math.floor(Date.now() / 1_000)
const behind = `sha256:${"aa".repeat(32)}`

const proofOf = (by = us, facts: Partial<Parameters<typeof makeProof>[1]> = {}) =>
  makeProof(by, { domain: "registry.example", fingerprint: behind, issuedAt: nowS - 9, expiresAt: nowS + 9, ...facts })

interface Found {
  readonly proof?: unknown
  readonly met?: string
  readonly records?: ReadonlyArray<string>
  readonly info?: string
  readonly url?: string
}

/** What the command says, or the sentence and the code that it ends with. */
const verified = async ({
  info = us.registryId,
  met = behind,
  proof = proofOf(),
  records = [],
  url = "https://registry.example",
}: Found) => {
  const registry: Registry = { url, call: () => Effect.succeed({ registry_id: info }), find: () => Effect.undefined }
  const command = verifyRegistry({
    web: {
      get: () =>
        proof === null
          ? Effect.fail(new NotFetched({ why: "not-there" }))
          : Effect.succeed({ type: "document", text: typeof proof === "string" ? proof : JSON.stringify(proof), fingerprint: met }),
    },
    dns: { txt: (name) => Effect.succeed(name === "_zynd.registry.example" ? records : []) },
  })
  const given = { text: () => undefined, list: () => undefined, has: () => false, position: () => undefined }
  const exit = await Effect.runPromiseExit(command.run(given, { registry, home: "", env: {}, say: () => {} }))
  if (Exit.isSuccess(exit)) return exit.value
  const reason = exit.cause.reasons[0]
  return reason?._tag === "Fail" ? reason.error : exit
}
const named = ({ publicKey, registryId }: typeof us) => `v=zynd1 id=${registryId} key=${publicKey}`

it("says how well it is known", async () => {
  expect(await verified({})).toMatchObject({ json: { tier: "domain-verified", layers: ["proof", "tls"], registry_id: us.registryId } })
  expect(await verified({ records: [named(us)] })).toMatchObject({ json: { tier: "dns-published" } })
  // met behind another certificate, or at an address: its own word alone
  expect(await verified({ met: `sha256:${"bb".repeat(32)}` })).toMatchObject({ json: { tier: "self-announced", layers: [] } })
  const local = await verified({ url: "http://127.0.0.1:8080", proof: makeProof(us, { issuedAt: nowS, expiresAt: nowS + 9 }) })
  expect(local).toMatchObject({ json: { tier: "self-announced" }, text: expect.stringContaining("only its key speaks for it") })
})

it("ends with a sentence when something contradicts", async () => {
  const refusals: ReadonlyArray<readonly [Found, string]> = [
    [{ proof: "<html>" }, "is no identity proof"],
    [{ proof: { ...proofOf(), domain: "other.example" } }, "is not signed by its key"],
    [{ proof: proofOf(us, { issuedAt: 0, expiresAt: nowS - 1 }) }, "ran out"],
    [{ info: them.registryId }, "is another registry's"],
    [{ records: [named(them)] }, `the DNS of registry.example names ${them.publicKey}`],
  ]
  expect(await verified({ proof: null })).toMatchObject({ code: 69, sentence: expect.stringContaining("no identity proof is served") })
  for (const [found, sentence] of refusals)
    expect(await verified(found)).toMatchObject({ code: 1, sentence: expect.stringContaining(sentence) })
})
