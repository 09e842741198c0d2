/** Numbers of the deployed dialect, beside those of `protocol/limits.ts`; "deployed": seen on a running node. */

/** Bits of a filter that we read: the deployed default has 4,792,530, and 799 kB of a frame. */
export const deployedFilterBitsMax = 6_000_000
/** Characters of a request id that is echoed (deployed: 16). */
export const deployedRequestIdMax = 128
/** Questions of one link, in each direction, whose ids are remembered; beyond it the oldest gets no answer (ruled). */
export const deployedQuestionsMax = 256
/** A question of theirs that we did not answer in this time is not answered any more: the asker gave up after 1.5 s (deployed). */
export const deployedQuestionMs = 2_000
/** A ping that is not answered in this time was not heard by the one it was meant for (deployed: answered in < 0.1 s). */
export const deployedPingMs = 1_000
/** Bytes that wait for a moment in which they are heard; beyond it they go out all the same (ruled). */
export const deployedHeldBytesMax = 262_144
/** Hops that deployed nodes may make with what we say (deployed: `max_hops`; they make one). */
export const deployedHopsMax = 10
/** Characters of an announcement's signed text: the deployed node bounds none of its fields (ruled: some ten of its largest records). */
export const deployedTextCharactersMax = 32_768
/** Entities and developers of ours whose last second is remembered; beyond it the oldest is forgotten (ruled: a second of the busiest node). */
export const deployedMomentsMax = 10_000
