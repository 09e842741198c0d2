/**
 * What a deployed node (`agentdns` 0.2.0) needs of us beyond what its dialect says, in one place and each with its reason.
 * All of it was seen on a running node; none of it is any business of peers that speak the pages' dialect.
 *
 * What concerns bytes alone the dialogue does by itself (`wire/agentdns-dialogue.ts`):
 *
 * - *Pair*. Its read loop and whoever asked a search read the same socket. An answer that comes alone is taken by the read
 *   loop and lost, and the asker keeps the link's write lock: nothing is sent on that link any more. So a `dht_ping` goes out
 *   with the answer, in one write: the read loop takes the ping and waits for the lock, the asker reads its answer.
 * - *Answer alone while a ping is unanswered*: the read loop still waits then.
 * - *Answer twice where something crossed the question*: the read loop answers it, or passes it on to other links, and while it
 *   waits for a lock that a question holds, the asker reads whatever comes next. So the answer goes alone, which a loop that is
 *   free takes and throws away; and a moment later again, as a pair.
 * - *Nothing between*. While it waits for an answer of ours, or a ping is unanswered, any other frame would be read as the
 *   answer. They wait for a moment, in order.
 * - *Heartbeats have a ping*. A link whose ping nobody answers is one that the other end has forgotten (a ghost), or on which it
 *   is stuck: the pair, ping first, frees that. Otherwise the ping comes last, for a question that crosses a pair is lost.
 * - *A reply is never answered*, nor a type that we do not know: two nodes would answer each other for ever.
 * - *Every ping names our address*: only whom it knows by address it asks on a GET.
 * - *Never a `search` without a request, never a filter that is larger than its bytes*: either ends the process.
 *
 * What concerns announcements:
 *
 * - *No hop made*: it counts a hop in what it passes on and leaves the signature over the count, so the next node refuses it. Sent
 *   on as it was signed, with no hop made, an announcement is taken at any distance (`go-announcement.ts`).
 * - *One word a second*: of two announcements about one id with one timestamp it loses the second, whatever they say
 *   (`said-of.ts`, `outbox.ts`).
 * - *Nothing of its own back*: its developers, names and proofs it would take for another's, and tell all others again.
 * - *What it missed*: it never catches up by itself (`actors/herald.ts`). Statuses come after registrations, which make an entity
 *   active there.
 * - *The developer's name with a handle*: it would show the developer without one (`announceHandle`).
 * - *Only what we would show*: another registry's registration overwrites what it has (`standing.ts`).
 * - *Nothing that it has no word for* (`form.ts`): that a status is gone, which it forgets with the entity; a name that no developer
 *   signed, which counts at its registry alone. And an end names only whom it ends, for it looks at nothing else of it.
 * - *Not to blame*: it passes on whatever is signed by its origin; what else is wrong with it costs it nothing here
 *   (`gossip/reputation.ts`).
 */

/** What those above the codec have to go by. A HELLO in that dialect brings it; no other has it. */
export interface Quirks {
  /**
   * Of two links of one id it closes the newer one itself, whoever dialled which. Whoever closes the older one loses both, for
   * it then forgets the newer one too.
   */
  readonly keepsOldestLink: true
  /**
   * Two such nodes that hear of each other at one moment dial each other at once, and one of the two links becomes a ghost. So
   * they are told addresses at different moments.
   */
  readonly dialsAllItHearsOf: true
  /** Its filters hold whole words of all that it holds, not the stems and weights of what it is home to. */
  readonly filtersPlainWords: true
  /** One search in some 300 tears a frame between its two readers, and it closes the link. It is there again at once. */
  readonly losesLinks: true
  /** A search of its that gets no answer stops it: even one too many is answered, with nothing. */
  readonly needsAnswers: true
}

export const quirks: Quirks = {
  keepsOldestLink: true,
  dialsAllItHearsOf: true,
  filtersPlainWords: true,
  losesLinks: true,
  needsAnswers: true,
}

/** What it says of its version, whatever its version: nobody checks it. So one of ours that speaks both dialects can say that. */
export const spokenVersion = "0.1.0"
export const bilingualVersion = "0.1.0+spec"

/** How an answer of ours is ranked among its own results: our best above what it likes faintly, all of them in our order. */
export const scoreOf = (rank: number): number => Math.max(0.3, 0.75 - 0.01 * rank)
