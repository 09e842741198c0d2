/** Bugs in what is believed, and in which word counts. */
import { tamper } from "../byzantine/tamper.ts"
import * as Slots from "../../protocol/records/slots.ts"
import { believing, deafTo, mutantsOf, ruling } from "./mutant.ts"
import * as on from "./trials.ts"

export const recordMutants = mutantsOf({
  // what is believed --------------------------------------------------------------------------------------------------
  "anybody may announce anything": [on.lying("forge"), believing(["authority"])],
  "anybody may register anything": [
    on.lying("forge"),
    believing(["authority"], ({ type }) => type === "agent_announce" || type === "service_announce"),
  ],
  "anybody may end anything": [on.lying("forge"), believing(["authority"], ({ isTombstone }) => isTombstone)],
  "signatures are not looked at": [on.lying("forge"), believing(["signature"])],
  "what reconciliation brings is not verified": [on.returning(tamper), believing(["signature"])],
  "timestamps are not looked at": [on.lying("ahead"), believing(["ahead-of-clock"])],
  "an id is what its sender says it is": [on.lying("forge"), believing(["id-mismatch", "signature"])],

  // which word counts -------------------------------------------------------------------------------------------------
  "the word that arrives last is the last word": [
    on.latecomer,
    ruling(() => ({
      merge: (held, heard) => {
        const others = held.filter(({ origin }) => origin !== heard.origin)
        return { slots: [...others, heard].sort(Slots.compareClaims), changed: !held.includes(heard) }
      },
    })),
  ],
  // Nothing that comes later counts: no change, no registration after a deletion.
  "the first word about a subject is the last": [
    on.split,
    deafTo(() => {
      const first = new Map<string, string>()
      return ({ announcement: { id, isTombstone, origin, subject } }) => {
        if (isTombstone) return false
        const slot = `${subject} ${origin}`
        if (!first.has(slot)) first.set(slot, id)
        return first.get(slot) !== id
      }
    }),
  ],
  "of two words of one second the one that was heard first counts": [
    on.tied,
    ruling(() => ({
      merge: (held, heard) =>
        held.some(({ at, origin }) => origin === heard.origin && at === heard.at)
          ? { slots: held, changed: false }
          : Slots.merge(held, heard),
    })),
  ],
  "whoever claims an entity first is its home": [
    on.contested,
    deafTo(() => {
      const homes = new Map<string, string>()
      return ({ announcement: { origin, subject } }) => {
        if (!homes.has(subject)) homes.set(subject, origin)
        return homes.get(subject) !== origin
      }
    }),
  ],
  "of many claims the first to arrive are kept": [
    on.contested,
    ruling(() => ({
      merge: (held, heard) =>
        held.length >= 3 && !held.some(({ origin }) => origin === heard.origin)
          ? { slots: held, changed: false }
          : Slots.merge(held, heard),
    })),
  ],

  // what ends -----------------------------------------------------------------------------------------------------------
  "tombstones are not looked at": [
    on.split,
    deafTo(
      () =>
        ({ announcement }) =>
          announcement.isTombstone,
    ),
  ],
  // As the deployed node: a tombstone that comes before its registration is lost.
  "what is not known cannot be deleted": [
    on.split,
    deafTo(() => {
      const known = new Set<string>()
      return ({ announcement: { isTombstone, subject } }) => {
        if (!isTombstone) known.add(subject)
        return isTombstone && !known.has(subject)
      }
    }),
  ],
  "what was deleted once stays deleted": [
    on.split,
    ruling(() => ({
      merge: (held, heard) =>
        !heard.isTombstone && held.some((slot) => slot.isTombstone && slot.origin === heard.origin)
          ? { slots: held, changed: false }
          : Slots.merge(held, heard),
    })),
  ],
  "tombstones are forgotten at once": [on.latecomer, ruling(() => ({ isExpired: (slot) => slot.isTombstone, isTooLate: () => false }))],
  "a registry's own word ends everybody's claim": [
    on.lying("disown"),
    ruling(() => ({ shown: (slots) => (slots.some(({ isTombstone }) => isTombstone) ? undefined : slots[0]) })),
  ],
})
