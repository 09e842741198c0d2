/** Agent Cards: where they are, whose they are, and whether their entity signed them. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { canonicalWithout, type Json } from "../../../src/protocol/identity/canonical-json.ts"
import { verify } from "../../../src/protocol/identity/ed25519.ts"
import { cardUrls, readCard } from "../../../src/protocol/records/card.ts"
import { cardOf, protectedHead, signatureBy } from "../../support/cards.ts"
import { developerOf, entityKeyOf, registeredAs, sdkRequest } from "../../support/clients.ts"

const alice = developerOf(1)
const key = entityKeyOf(alice, 0)
const stranger = entityKeyOf(alice, 1)
const record = registeredAs(sdkRequest(alice, 0))
const read = (card: Json | string) => readCard(typeof card === "string" ? card : JSON.stringify(card), record, verify)
const verdict = (card: Json | string) => read(card)?.signature

it("is looked for at the entity's URL and the well-known places under it", () => {
  const urls = (entity_url: string) => cardUrls({ entity_url })
  const wellKnown = ["agent-card.json", "zynd-agent.json", "agent.json"]
  const under = (base: string) => wellKnown.map((name) => `${base}/.well-known/${name}`)
  expect(urls("https://agent.example")).toEqual(under("https://agent.example"))
  expect(urls("http://agent.example:5000/a/?x=1#y")).toEqual(under("http://agent.example:5000/a"))
  expect(urls("https://agent.example/card.json")).toEqual(["https://agent.example/card.json"])
  expect(urls("https://agent.example/.well-known/x?v=1")).toEqual(["https://agent.example/.well-known/x?v=1"])
  for (const none of ["file:///etc/passwd", "javascript:alert(1)", "agent", "ftp://agent.example", ""]) expect(urls(none)).toEqual([])
})

describe("the signature of a card", () => {
  const card = cardOf(key)
  const { signatures: _, ...unsigned } = card

  it("holds as the SDKs make it, and as RFC 7515 has it", () => {
    expect(verdict(card)).toBe("valid")
    const payload = Buffer.from(canonicalWithout(unsigned)).toString("base64url")
    expect(verdict({ ...unsigned, signatures: [{ header: {} }, signatureBy(key, payload)] })).toBe("valid")
  })

  it("holds for numbers as Python spells them", () => {
    const spelled = canonicalWithout({ ...unsigned, price: 0, tiny: 1 })
      .replace('"price":0', '"price":0.0')
      .replace('"tiny":1', '"tiny":1e-05')
    const signatures = JSON.stringify([signatureBy(key, spelled)])
    expect(verdict(`${spelled.slice(0, -1)},"signatures":${signatures}}`)).toBe("valid")
    expect(verdict(`${spelled.slice(0, -1).replace("1e-05", "1e-04")},"signatures":${signatures}}`)).toBe("invalid")
  })

  it("is missing where there is none, and does not hold where it is another's or of another kind", () => {
    expect(verdict(unsigned)).toBe("unsigned")
    expect(verdict({ ...unsigned, signatures: [] })).toBe("unsigned")
    const payload = canonicalWithout(unsigned)
    const rsa = Buffer.from('{"alg":"RS256"}').toString("base64url")
    const wrong: ReadonlyArray<Json> = [
      signatureBy(stranger, payload),
      { ...signatureBy(stranger, payload), header: { kid: key.publicKey } },
      { ...signatureBy(key, payload), header: { kid: stranger.publicKey } },
      signatureBy(key, payload, rsa),
      { protected: protectedHead, signature: "x" },
      { protected: 1, signature: null },
      "signature",
    ]
    for (const signature of wrong) expect(verdict({ ...unsigned, signatures: [signature] })).toBe("invalid")
  })

  it("breaks with any change", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(unsigned).filter((name) => name !== "x-zynd")), fc.jsonValue(), (name, value) => {
        fc.pre(JSON.stringify(value) !== JSON.stringify(card[name]))
        const now = read({ ...card, [name]: value as Json })
        expect(now?.signature ?? "no card").not.toBe("valid")
      }),
      { numRuns: 100 },
    )
  })
})

it("is no card when it names another entity, or is none at all", () => {
  const other = cardOf(key, { "x-zynd": { entityId: `zns:${"0".repeat(32)}` } })
  for (const text of [JSON.stringify(other), '{"agent_id":"x"}', "[]", "null", "<html>", "", '{"a":"\\u0000"}', '{"__proto__":{}}'])
    expect(read(text)).toBeUndefined()
  expect(read('{"name":"bare"}')?.document).toEqual({ name: "bare" })
})
