import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import type { Json, JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { verify } from "../../../src/protocol/identity/ed25519.ts"
import { developerEvidenceHolds, readDeveloperRegistration } from "../../../src/protocol/records/developer-registration.ts"
import { developerOf, developerRequest, homeOf } from "../../support/clients.ts"

const vectors = JSON.parse(readFileSync(new URL("../../vectors/identity-vectors.json", import.meta.url), "utf8")) as {
  readonly signing: ReadonlyArray<{ readonly name: string; readonly signed_text: string; readonly signature: string }>
}
const read = (body: Json) => readDeveloperRegistration(body, { home: homeOf(200), nowMs: 1_775_824_496_789, check: verify })

it.each(["register_developer_plain", "register_developer_go_html_escaped", "register_developer_raw"])("reads the recorded %s", (name) => {
  const vector = vectors.signing.find((each) => each.name === name)!
  const { github, profile_url, ...said } = JSON.parse(vector.signed_text) as JsonObject
  const outcome = read({
    ...said,
    signature: vector.signature,
    ...(github !== "" && { github }),
    ...(profile_url !== "" && { profile_url }),
  })
  expect(outcome).toMatchObject({
    type: "registered",
    record: { developer_id: "zns:dev:139e3940e64b5491722088d9a0d74162", name: said["name"] },
  })
  if (outcome.type !== "registered") throw new Error("unreachable")
  expect(developerEvidenceHolds(outcome.record, verify)).toBe(true)
  for (const changed of [
    { name: "x" },
    { github: "x" },
    { profile_url: "https://x.example" },
    { public_key: developerOf(5).key.publicKey },
  ]) {
    expect(developerEvidenceHolds({ ...outcome.record, ...changed }, verify)).toBe(false)
  }
})

it("refuses the rest, naming the member", () => {
  const good = developerRequest(developerOf(1))
  expect(read(good).type).toBe("registered")
  const cases: ReadonlyArray<readonly [Json, string, string | undefined]> = [
    [[], "invalid_request", undefined],
    [{ ...good, name: "" }, "invalid_request", "name"],
    [developerRequest(developerOf(1), { name: "é".repeat(101) }), "invalid_request", "name"],
    [{ ...good, public_key: "x" }, "invalid_request", "public_key"],
    [developerRequest(developerOf(1), { profile_url: "javascript:alert(1)" }), "invalid_request", "profile_url"],
    [{ ...good, signature: null }, "invalid_request", "signature"],
    [{ ...good, signature: "ed25519:AAAA" }, "unauthorized", "signature"],
    [{ ...good, name: "Mallory" }, "unauthorized", "signature"],
    [{ ...good, github: "mallory" }, "unauthorized", "signature"],
    [{ ...good, name: "a\0" }, "invalid_request", undefined],
  ]
  for (const [body, code, field] of cases) {
    const outcome = read(body)
    expect(outcome.type === "refused" && [outcome.code, outcome.field]).toEqual([code, field])
  }
})
