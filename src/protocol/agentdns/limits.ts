/** Numbers of the deployed dialect, beside those of `protocol/limits.ts`; "deployed": seen on a running node. */

/** Bits of a filter that we read: what fits a frame in base64, for operators may set it (deployed: by default 4,792,530, 799 kB of a frame). */
export const deployedFilterBitsMax = 6_291_456
/** Characters of a request id that is echoed (deployed: 16). */
export const deployedRequestIdMax = 128
/** Questions of one link, in each direction, whose ids are remembered; beyond it the oldest gets no answer (ruled). */
export const deployedQuestionsMax = 256
/** A question of theirs that we did not answer in this time is not answered any more: the asker gave up after 1.5 s (deployed). */
export const deployedQuestionMs = 2_000
/** A ping that is not answered in this time was not heard by the one it was meant for (deployed: answered in < 0.1 s). */
export const deployedPingMs = 1_000
/** What we said so shortly before a question came may have met it on the way (ruled: the most; less where a ping took less). */
export const deployedCrossingMs = 500
/** After so long an answer is given a second time: a loop that passes news on waits for other links, which are answered by then (ruled). */
export const deployedAnswerAgainMs = 300
/** Bytes that wait for a moment in which they are heard; beyond it they go out all the same (ruled). */
export const deployedHeldBytesMax = 262_144
/** Hops that deployed nodes may make with what we say (deployed: `max_hops`; they make one). */
export const deployedHopsMax = 10
/** Characters of an announcement's signed text: the deployed node bounds none of its fields (ruled: some ten of its largest records). */
export const deployedTextCharactersMax = 32_768
/** Entities and developers of ours whose last second is remembered; beyond it the oldest is forgotten (ruled: a second of the busiest node). */
export const deployedMomentsMax = 10_000
/** Announcements that a deployed node is told in a second; the rest waits (ruled: half of what it may tell us). */
export const deployedTellsPerSecond = 50
/** Between two about one id (ruled: a second, as it counts). */
export const deployedSpacingMs = 1_000
/** Announcements that wait for one deployed node; beyond it the oldest is forgotten, and told when what it lacks is gone through again (ruled). */
export const deployedOwedMax = 5_000
/** How long it remembers an id and a second: its window is swept once in 300 s, so an entry may stay for two (deployed). */
export const deployedMemoryMs = 610_000
/** Announcements told to one deployed node that are remembered for that long (ruled: a window at full rate). */
export const deployedToldMax = 32_768
/** Of those that came in a second that it knows already, how many are told again after the window; the oldest is given up first (ruled). */
export const deployedRepeatsMax = 1_000
/** After it joined, until it is told what it lacks: its own greetings come first (ruled). */
export const deployedCatchUpDelayMs = 3_000
/** What came since is gone through so often, for what gossip did not bring; so far it was told then (ruled). */
export const deployedCatchUpPeriodMs = 60_000
/** What was told so shortly before a link was lost may not have arrived: it is told again on the next one (ruled). */
export const deployedDoubtMs = 60_000
/** Words that are read at once while going through what it lacks. */
export const deployedPageWords = 100
/** Deployed registries of which is remembered how far they were told; the oldest is forgotten first, and told all again. */
export const deployedPlacesMax = 1_000

/** How often the filter for deployed nodes is made anew; what is added in the meantime is in it at once (deployed). */
export const deployedFilterMs = 300_000
/** A peer that has shown no sign of life on a link is asked for one this often; after so many questions it is a ghost (ruled). */
export const deployedProbeMs = 5_000
export const deployedProbesMax = 4
/** A link that once lived and answers no ping for this long was forgotten: a node that is stuck is so for 90 s at most (deployed). */
export const deployedSilenceMs = 120_000
/** Two of them are told addresses at least so long after each other (ruled: dialling one another, they have greeted by then). */
export const deployedAddressesMs = 3_000
/** Searches of one link that are answered in a second; to those beyond it nothing is found (ruled: it asks one after the other). */
export const deployedSearchesPerSecond = 1_000
/** Bytes of a caller's first frame that are kept until its dialect is known; a longer one is no greeting (ruled). */
export const greetingBytesMax = 16_384
