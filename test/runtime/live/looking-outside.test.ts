/** DNS and GitHub as they answer, with a resolver and a fetcher of ours: no request leaves the machine. */
import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import { handleWitness } from "../../../src/runtime/live/handle-witness.ts"
import { publicDns } from "../../../src/runtime/live/public-dns.ts"

const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(Effect.exit(effect))
const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))

describe("TXT records", () => {
  it("are joined, and none where there is no such name", async () => {
    const dns = publicDns({ resolveTxt: async () => [["zns-verification=", "abc"], ["other"]] })
    expect(await run(dns.txt("a.example"))).toEqual(Exit.succeed(["zns-verification=abc", "other"]))
    for (const code of ["ENOTFOUND", "ENODATA"])
      expect(await run(publicDns({ resolveTxt: failing(code) }).txt("a.example"))).toEqual(Exit.succeed([]))
  })

  it("cannot be told where nobody answers: that is no `none`", async () => {
    for (const code of ["ETIMEOUT", "ESERVFAIL", "ECONNREFUSED"]) {
      const dns = publicDns({ resolveTxt: failing(code) })
      expect(Exit.isFailure(await run(dns.txt("a.example")))).toBe(true)
      expect(Exit.isFailure(await run(handleWitness(dns, fetch).recordsAt("a.example")))).toBe(true)
    }
  })
})

describe("an account of GitHub", () => {
  const own = "https://raw.githubusercontent.com/ada/ada/HEAD/zynd-verification.txt"
  const list = "https://api.github.com/users/ada/gists?per_page=30"
  const raw = (file: string) => `https://gist.githubusercontent.com/ada/1/raw/${file}`
  const gist = (...urls: ReadonlyArray<string>) => ({
    files: Object.fromEntries(urls.map((raw_url, number) => [`zynd-verification${number}.txt`, { raw_url }])),
  })
  const dns = publicDns({ resolveTxt: async () => [] })
  const look = async (answers: Readonly<Record<string, Response | Error>>) => {
    const asked: Array<string> = []
    const exit = await run(
      handleWitness(dns, async (url, { redirect, signal }) => {
        expect([redirect, signal instanceof AbortSignal]).toEqual(["error", true])
        asked.push(url)
        const answer = answers[url] ?? new Response("", { status: 404 })
        if (answer instanceof Error) throw answer
        return answer
      }).filesOf("ada"),
    )
    return { asked, found: Exit.isSuccess(exit) ? exit.value : undefined }
  }

  it("shows its own file and its gists", async () => {
    const gists = JSON.stringify([gist(raw("a")), { files: { "notes.txt": { raw_url: raw("n") } } }])
    const { asked, found } = await look({ [own]: new Response("here"), [list]: new Response(gists), [raw("a")]: new Response("there") })
    expect(found).toEqual(["here", "there"])
    expect(asked).not.toContain(raw("n"))
    expect((await look({})).found).toEqual([])
  })

  it("leads to no other host or account, and to few files", async () => {
    const strange = ["https://evil.example/raw/x", "https://gist.githubusercontent.com/bob/1/raw/x", "http://127.0.0.1/x"]
    const many = Array.from({ length: 20 }, (_, number) => raw(String(number)))
    const { asked } = await look({ [list]: new Response(JSON.stringify([gist(...strange), gist(...many)])) })
    expect(asked.filter((url) => strange.includes(url))).toEqual([])
    expect(asked).toHaveLength(2 + 5)
  })

  it("cannot be told when it answers wrong, too much or not", async () => {
    for (const answer of [new Response("x".repeat(70_000)), new Response("", { status: 500 }), new Error("offline")])
      expect((await look({ [own]: answer })).found).toBeUndefined()
    expect((await look({ [list]: new Response("<html>") })).found).toBeUndefined()
  })
})
