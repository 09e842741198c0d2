/** Signatures by another thread: the same verdicts and the same bytes as on this one, in the order asked. */
import { EventEmitter } from "node:events"
import type { Worker } from "node:worker_threads"
import * as fc from "fast-check"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { sign, verify } from "../../../src/protocol/identity/ed25519.ts"
import { believe } from "../../../src/protocol/gossip/authority.ts"
import type { JsonObject } from "../../../src/protocol/identity/canonical-json.ts"
import { idOf } from "../../../src/protocol/identity/id.ts"
import type { Signature } from "../../../src/protocol/identity/key.ts"
import { clientsThread, makeThread, startThread } from "../../../src/runtime/live/signature-thread.ts"
import { signaturesOf } from "../../../src/runtime/node/signatures.ts"
import type { SignatureCheck } from "../../../src/runtime/ports.ts"
import { registryOf } from "../../support/builders.ts"

const signers = [registryOf(1), registryOf(2)].map(({ secret }) => ({ secret, signLater: clientsThread.signerOf(secret) }))

const checks = fc.array(
  fc.record({ text: fc.string(), by: fc.nat(1), isBytes: fc.boolean(), isForged: fc.boolean() }).map(({ by, isBytes, isForged, text }) => {
    const { secret } = signers[by]!
    const message = isBytes ? Buffer.from(text) : text
    return { key: secret.publicKey, message, signature: sign(secret, isForged ? `${text}!` : text) }
  }),
  { maxLength: 4 },
)

it("verifies and signs as this thread does, and answers in the order asked", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(checks, fc.record({ text: fc.string(), by: fc.nat(1) })), { maxLength: 60 }), async (tasks) => {
      const told: Array<number> = []
      const answers = await Promise.all(
        tasks.map(
          (task, i) =>
            new Promise<number | Signature>((resolve) => {
              const done = (answer: number | Signature) => {
                told.push(i)
                resolve(answer)
              }
              if ("text" in task) signers[task.by]!.signLater(task.text, done)
              else clientsThread.firstBroken(task, done)
            }),
        ),
      )
      expect(told).toEqual(tasks.map((_, i) => i))
      expect(answers).toEqual(
        tasks.map((task) =>
          "text" in task
            ? sign(signers[task.by]!.secret, task.text)
            : task.findIndex(({ key, message, signature }) => !verify(key, message, signature)),
        ),
      )
    }),
    { numRuns: 30 },
  )
})

/** What a reader that tries one signature after the other, and then needs all of some, comes to. */
const reading = (list: ReadonlyArray<SignatureCheck>, isAll: boolean) => (check: typeof verify) => {
  const asks = ({ key, message, signature }: SignatureCheck) => check(key, message, signature)
  const first = list.findIndex(asks)
  return { first, all: isAll && list.slice(first + 1).every(asks) }
}

it("reads a request as if each signature had been looked at when it was asked for", async () => {
  const { publicKey } = signers[0]!.secret
  const signer = { publicKey, registryId: idOf("registry", publicKey), sign: () => "" as Signature }
  const believing = (document: JsonObject, id: string | undefined, nowMs: number) => believe(document, id, nowMs, verify)
  const { judged } = signaturesOf(signer, { verify, believe: believing, firstBroken: clientsThread.firstBroken })
  await fc.assert(
    fc.asyncProperty(checks, fc.boolean(), async (list, isAll) => {
      expect(await Effect.runPromise(judged(reading(list, isAll)))).toEqual(reading(list, isAll)(verify))
    }),
    { numRuns: 60 },
  )
})

it("does what a thread owed that ended, and all that follows, itself", async () => {
  const workers: Array<Worker> = []
  const thread = makeThread(() => {
    const worker = startThread()
    workers.push(worker)
    return worker
  })
  const { secret } = signers[0]!
  const check = (text: string) => ({ key: secret.publicKey, message: text, signature: sign(secret, "said") })
  const ask = (text: string) => new Promise<number>((resolve) => thread.firstBroken([check("said"), check(text)], resolve))
  await ask("said")
  await new Promise((resolve) => workers[0]!.once("message", resolve))
  const owed = Promise.all(Array.from({ length: 200 }, (_, i) => ask(i % 3 === 0 ? "said" : "other")))
  await Promise.resolve()
  await workers[0]!.terminate()
  expect(await owed).toEqual(Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? -1 : 1)))
  expect(await ask("other")).toBe(1)
  expect(workers).toHaveLength(1)
})

/** A thread as Node has them: whoever begins to listen to it holds the process. */
class Held extends EventEmitter {
  isHeld = true
  override on(event: string, listener: () => void): this {
    this.isHeld = true
    return super.on(event, listener)
  }
  ref(): void {
    this.isHeld = true
  }
  unref(): void {
    this.isHeld = false
  }
}

it("keeps no process that never asks it", () => {
  const thread = new Held()
  makeThread(() => thread as unknown as Worker).warm()
  expect(thread.isHeld).toBe(false)
})
