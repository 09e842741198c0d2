/** Developers of ours: registering, changing and ending them (reference 1.3). */
import { announceDeveloper, announceDeveloperTombstone } from "../../protocol/gossip/announcement.ts"
import { onWire, readDeveloperId } from "../../protocol/identity/id.ts"
import { readAuthorization } from "../../protocol/records/authorization.ts"
import type { DeveloperRecord } from "../../protocol/records/developer.ts"
import { readDeveloperRegistration, readDeveloperUpdate } from "../../protocol/records/developer-registration.ts"
import type { Node } from "../node-service.ts"
import { conflict, type Desk, notFound, refused, refusedAs } from "./desk.ts"
import { endingHandles } from "./handles.ts"
import { steps } from "../steps.ts"

export const developersOn = (desk: Desk): Pick<Node["Service"], "registerDeveloper" | "updateDeveloper" | "deleteDeveloper"> => {
  const { check, mayWrite, nextWord, nowMs, origin, say, store } = desk

  const localDeveloper = steps(function* (id: string) {
    const developerId = readDeveloperId(id)
    const entry = developerId === undefined ? undefined : yield* store.developer(developerId)
    return entry === undefined || entry.tier !== "local" ? yield* notFound("no such developer is registered here") : entry.record
  })

  return {
    registerDeveloper: steps(function* (body) {
      yield* mayWrite
      const read = readDeveloperRegistration(body, { home: origin.registryId, nowMs: yield* nowMs, check })
      if (read.type === "refused") return yield* refusedAs(read)
      const present = yield* store.developer(read.record.developer_id)
      if (present?.tier === "local" && hasSigned(present.record)) return yield* conflict("this developer is registered already")
      const { at, follows, registeredAt } = yield* nextWord(read.record.developer_id)
      const record = { ...read.record, registered_at: registeredAt, updated_at: at }
      yield* say({ announcement: announceDeveloper(origin, "register", record, at), follows })
      return record
    }),

    updateDeveloper: steps(function* (id, text, authorization) {
      yield* mayWrite
      const before = yield* localDeveloper(id)
      const { at, follows, last, registeredAt } = yield* nextWord(before.developer_id)
      if (last?.body.kind === "developer" && last.body.isBare === true)
        return yield* conflict("this profile came from another node without a signature that covers it: register it again, then change it")
      const read = readDeveloperUpdate(text, authorization, before, at, check)
      if (read.type === "refused") return yield* refusedAs(read)
      const record = { ...read.record, registered_at: Math.min(registeredAt, before.registered_at) }
      yield* say({ announcement: announceDeveloper(origin, "update", record, at), follows })
      return record
    }),

    deleteDeveloper: steps(function* (id, authorization) {
      yield* mayWrite
      const record = yield* localDeveloper(id)
      const read = readAuthorization(authorization)
      if (read._tag === "Failure") return yield* refusedAs(read.failure)
      const { signature } = read.success
      const text = [record.developer_id as string, onWire(record.developer_id)].find((spelled) =>
        check(record.public_key, spelled, signature),
      )
      if (text === undefined) return yield* refused("unauthorized", "the signature is not the developer's over this developer id")
      const { at, follows, registeredAt } = yield* nextWord(record.developer_id)
      const ended = { ...record, registered_at: Math.min(registeredAt, record.registered_at) }
      const announcement = announceDeveloperTombstone(origin, ended, { text, signature }, "owner-deregistered", at)
      yield* say(...(yield* endingHandles(desk, record.developer_id)), { announcement, follows })
      return record
    }),
  }
}

/** One whom only an entity or a handle introduced has signed no profile yet. */
const hasSigned = ({ changes, signature }: DeveloperRecord): boolean => signature !== undefined || (changes?.length ?? 0) > 0
