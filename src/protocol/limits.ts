/**
 * Every number of the protocol, once: its unit is in its name or its sentence, its source behind it.
 *
 * Sources: "mesh" is the mesh-network page (001), "registry" the registry page (002), "storage" 000, "identity" 003,
 * "naming" 004; "ruled" is a decision of ours, listed with its reason in `src/protocol/README.md`.
 */

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

// wire ---------------------------------------------------------------------------------------------------------------

/** Largest frame payload, in bytes. A larger length ends the connection before a byte of it is read (mesh, "Max message size: 1 MB"). */
export const frameBytesMax = 1_048_576
/** Deepest nesting of JSON that a frame or a request body may have (ruled: nothing of ours nests deeper than six). */
export const jsonDepthMax = 32
/** Bytes that may wait to be written to one slow connection; beyond it the connection is closed (ruled). */
export const outboundQueueBytesMax = 8 * frameBytesMax
/** A peer that connected must have said HELLO within this time (deployed node: 10 s). */
export const greetingPatienceMs = 10 * second
/** A dial that has not ended after this time has failed (ruled). */
export const dialPatienceMs = 10 * second

// membership ---------------------------------------------------------------------------------------------------------

/** Most mesh peers at a time, in- and outbound together (mesh, "max_peers = 15"). */
export const maxPeersDefault = 15
/** HEARTBEAT period (ruled, as deployed). */
export const heartbeatPeriodMs = 30 * second
/** The first beat of a link and every so many-th after it asks for an answer, to measure the round trip (ruled: every two minutes). */
export const beatsPerRoundTrip = 4
/** Without a frame for this long a peer is suspected and probed (ruled). */
export const suspicionAfterMs = 45 * second
/** A suspected peer is probed this often (ruled). */
export const probePeriodMs = 3 * second
/** A suspected peer that stays silent for this long is dead (ruled: at 50 % loss one probe in four is answered). */
export const suspicionPatienceMs = 150 * second
/** First wait before dialling an address again; doubles with jitter up to the second number (deployed: 1 s … 60 s). */
export const redialFirstMs = 1 * second
export const redialMaxMs = 60 * second
/** How often a node that has too few peers looks for more (ruled). */
export const refillPeriodMs = 10 * second
/** Addresses remembered as candidates for dialling; the ones that failed most are dropped first (ruled). */
export const candidatesMax = 500
/** Addresses that the operator names; beyond it the first one is given up (ruled: far above any `max_peers`). */
export const configuredPeersMax = 256
/** Peers named in one HEARTBEAT (ruled: a screenful; more would let one frame fill the candidates). */
export const heartbeatPeersMax = 50

// gossip -------------------------------------------------------------------------------------------------------------

/** An announcement is forwarded while its hop count is below this (mesh, "Max 10 hops"). */
export const gossipHopsMax = 10
/** How long an announcement id stays in the seen-set (mesh, "5-minute seen-set"). */
export const seenWindowMs = 5 * minute
/** Ids the seen-set holds; beyond it the oldest minute is forgotten early (ruled: 100/s from 15 peers over the window is 450,000). */
export const seenIdsMax = 500_000
/** Announcements a peer may send per second before its reader slows down (mesh, "max 100 announcements/sec per peer"). */
export const announcementsPerSecond = 100
/** Announcements held for one throttled peer; beyond it they are dropped and anti-entropy repairs (ruled: five seconds' worth). */
export const heldAnnouncementsMax = 500
/** An announcement that claims to be further ahead of our clock than this is refused (ruled). */
export const clockSkewMaxMs = 5 * minute
/** A tombstone of an entity or a developer suppresses older records for this long (mesh, "24 h"). */
export const tombstoneLifeMs = 24 * hour
/** A tombstone of a name (naming, "30 days"). */
export const nameTombstoneLifeMs = 30 * 24 * hour
/** A registry's identity proof is made for this long (ruled: many renewals, so that clocks and outages do not matter). */
export const registryProofLifeMs = 30 * 24 * hour
/** Expired tombstones are looked for this often (ruled: a difference between two nodes' sets lasts no longer). */
export const sweepPeriodMs = minute
/** Claims kept of one contested entity (ruled). */
export const claimsPerEntityMax = 4
/** Beside them, of registries that only say that they hold it no more (ruled: small, and forgotten after a day). */
export const ownWordsPerEntityMax = 16

// records ------------------------------------------------------------------------------------------------------------

/** Characters of a summary (storage, "max 200 chars"). */
export const summaryCharactersMax = 200
/** Characters of the text that ends an entity: its id, or that with a registry and a time (`records/ratchet.ts`). */
export const deletionTextCharactersMax = 256
/** Characters of an entity's or developer's name (deployed). */
export const nameCharactersMax = 100
/** Tags of one entity (deployed). */
export const tagsMax = 20
/** Characters of one tag, of a category, of a URL (ruled: the deployed node bounds none of them). */
export const tagCharactersMax = 64
export const categoryCharactersMax = 64
export const urlCharactersMax = 2_048
/** Characters of `entity_pricing` and of `capability_summary` as canonical JSON (ruled: the record stays a record, not a card). */
export const detailsCharactersMax = 4_096
/** Characters of a signed text that a record carries as evidence; a request signed as a whole may not be longer (ruled). */
export const signedTextCharactersMax = 16_384
/** Characters of a handle: least, most (registry page, `[a-z0-9-]{3,32}`). */
export const handleCharactersMin = 3
export const handleCharactersMax = 32
/** Characters of an entity's name under its handle (ruled). */
export const nameLabelCharactersMax = 64
/** Characters of a version's label (ruled). */
export const versionLabelCharactersMax = 64
/** Characters of a version's build hash (ruled: 64 bytes in hex). */
export const buildHashCharactersMax = 128
/** Versions of one name that are remembered; beyond it the oldest is forgotten (ruled: every one can be rolled back to). */
export const versionsPerNameMax = 100
/** Developers that a node remembers as introduced; beyond it they are looked up again (ruled: a megabyte). */
export const knownDevelopersMax = 10_000
/** Seconds a record says it lives; kept and shown, never a reason to drop (storage; ruled). */
export const recordTtlSeconds = 86_400
/** Largest derivation index (identity: `uint32_be(index)`). */
export const derivationIndexMax = 0xffff_ffff

// REST ---------------------------------------------------------------------------------------------------------------

/** Largest request body in bytes (ruled). */
export const requestBytesMax = 256 * 1024
/** Requests a minute and address: searches, and registrations of any kind (deployed). */
export const searchesPerMinute = 100
export const registrationsPerMinute = 10
/** Rows of one list: default (deployed) and most. */
export const listRowsDefault = 50
export const listRowsMax = 100
/** Rows that a list can skip; who wants more follows `/v1/changes` (ruled). */
export const listOffsetMax = 100_000
/** Changes in one answer: default and most (ruled: some 200 kB, 1 MB). */
export const changesDefault = 100
export const changesMax = 500
/** Characters of the `state` by which a developer is let in (ruled: enough that nobody guesses it). */
export const stateCharactersMin = 16
export const stateCharactersMax = 512
/** Entities that are kept ready as they are shown, some 3 kB each; beyond it the one that was kept first is let go (ruled). */
export const entityViewsMax = 10_000
/** Categories, and tags, that are listed: the first ones in order (ruled). */
export const vocabularyMax = 10_000
/** New categories and tags are listed after so long (ruled: asked for often, and dear to list). */
export const vocabularyAgeMs = second
/** The same where several nodes share a Redis: one lists them for all (ruled). */
export const vocabularySharedMs = 5 * second
/** Results of one search: default and most. */
export const searchResultsDefault = 20
export const searchResultsMax = 100
/** Characters of a search's text, and of its words the different ones that are looked up; the rest are ignored (ruled). */
export const queryCharactersMax = 1_000
export const queryTermsMax = 64
/** Phrases in quotation marks of one query that are looked up; the rest are ignored (ruled). */
export const queryPhrasesMax = 8
/** What each of them adds to the text score of a document that has it (registry page, "+5.0 exact-match bonus"). */
export const phraseBonus = 5
/** Of its freshness a record loses this share a day: half in 30 days (deployed). */
export const freshnessPerDay = 0.023
/** k of reciprocal rank fusion (registry page; Cormack et al. 2009). */
export const rrfConstant = 60
/** Components of a hashed vector (deployed). */
export const hashDimensions = 384
/** Texts that a model gets at once; tokens of each, the rest is cut (ruled: what bge-small reads). */
export const embeddingBatchMax = 32
export const embeddedTokensMax = 512
/** A model's server answers within this time, and for a search within the second, or search goes on with words alone (ruled). */
export const embeddingPatienceMs = 10 * second
export const queryEmbeddingPatienceMs = 1 * second
/** After it did not answer a search, the next ones do not wait for it for so long (ruled). */
export const embeddingPauseMs = 5 * second
/** First wait before entities without vectors are tried again; doubles up to the second number (ruled). */
export const embeddingRetryFirstMs = 1 * second
export const embeddingRetryMaxMs = 60 * second
/** Least similarity by which a model's vectors find an entity that has none of the words (ruled; models differ, operators may say). */
export const similarityFloorDefault = 0.5
/** Entities between two lines that say how far the index is at a start (ruled). */
export const searchProgressEvery = 20_000
/** Neighbours that an index of vectors is asked for at least (ruled). */
export const neighboursMin = 200

// Agent Cards --------------------------------------------------------------------------------------------------------

/** Largest card in bytes (registry page: "2–10 KB"; deployed: cut at 50 KiB, ours is refused). */
export const cardBytesMax = 64 * 1024
/** How long a card is kept, and how many are (registry page, "1 hour cache"; deployed: 50,000). */
export const cardLifetimeMs = hour
export const cardsMaxDefault = 50_000
/** One address of a card is waited for so long (ruled: below the 10 s that clients wait, with all three of them). */
export const cardPatienceMs = 3 * second
/** Redirects that are followed (ruled). */
export const redirectsMax = 3
/** Fetches under way; beyond it a card is unavailable (ruled: file descriptors). */
export const cardFetchesMax = 256
/** Who could not be reached is not tried again for results of a search for so long (ruled). */
export const cardFailureMs = minute
/** Signatures of one card that are looked at (ruled: the SDKs make one). */
export const cardSignaturesMax = 4
/** Results of a search that are enriched, and how long all of them together are waited for (deployed: 10; ruled). */
export const enrichedMax = 10
export const enrichPatienceMs = 1_500
/** Cards a minute and address that are fetched for clients (ruled: each is a request to somebody else). */
export const cardsPerMinute = 120

// Redis --------------------------------------------------------------------------------------------------------------

/** A command to Redis is waited for so long; then nothing is asked of it for a while (ruled: slower is as good as away). */
export const redisPatienceMs = 150
export const redisRestMs = 2 * second
/** Longest wait before it is connected to again (ruled). */
export const redisReconnectMaxMs = 5 * second

// WebSockets ---------------------------------------------------------------------------------------------------------

/** Largest message of a client on a WebSocket, in bytes; a larger one ends the connection (ruled: a beat has some 200). */
export const socketMessageBytesMax = 4_096
/** WebSockets in all, and from one address; beyond it the newest is refused (ruled: they leave room for requests). */
export const socketsMax = 3_072
export const socketsPerAddressMax = 512
/** Activity streams in all, and from one address (ruled: each event is written to every one of them). */
export const streamsMax = 256
export const streamsPerAddressMax = 16
/** A heartbeat connection must have sent a beat that counts within this time (ruled: strangers hold no places). */
export const firstBeatPatienceMs = minute
/** …and again within the time after which its entity is inactive and this (deployed: 60 s). */
export const beatGraceMs = minute
/** Messages a second that are looked at on the connection of one entity, and on one that many share; the rest wait (ruled). */
export const beatsPerSecond = 5
export const sharedBeatsPerSecond = 500
/** Events that are kept for those who were away for a moment; the oldest are forgotten (ruled: a minute of a busy node). */
export const recentEventsMax = 1_000
/** Bytes that may wait for one slow reader of a stream; beyond it the connection is cut off (ruled: all recent events). */
export const streamBacklogBytesMax = 1_048_576
/** A reader of a stream that does not answer a ping before the next one is gone (ruled). */
export const pingPeriodMs = 30 * second

// identity of registries ---------------------------------------------------------------------------------------------

/** A peer's domain is looked at so long after it connected (its proof has come by then), again so often, and sooner where nothing was found (ruled). */
export const inspectionDelayMs = 5 * second
export const inspectionRetryMs = 10 * minute
export const inspectionPeriodMs = 6 * hour
/** A domain's proof in bytes, and how long it and a DNS record are waited for (ruled). */
export const proofBytesMax = 16 * 1024
export const inspectionPatienceMs = 5 * second
/** TXT records at one name that are read (ruled). */
export const registryTxtRecordsMax = 20
/** Distinct attesters with pinned keys that make a registry mesh-verified (ruled). */
export const attestersForMeshVerified = 3
/** What is seen of peers is told once in this period (ruled: hourly). */
export const attestationPeriodMs = hour
/** How often the certificate in front of us is looked at, where a proxy holds it (ruled: well before a renewed one is trusted). */
export const fingerprintPeriodMs = 15 * minute

// doors --------------------------------------------------------------------------------------------------------------

/** A caller must have finished its TLS handshake within this time (ruled: as a dial). */
export const handshakePatienceMs = 10 * second
/** Handshakes with callers at one time; beyond it the newest caller is refused (ruled: half a second's work of one core). */
export const unfinishedHandshakesMax = 256
/** Inbound mesh connections from one IPv4 address or IPv6 /64; beyond it the newest is refused (ruled: a rack behind one address). */
export const inboundPerAddressMax = 64
/** Inbound mesh connections in all; beyond it the newest is refused (ruled: far above any `max_peers`, far below file descriptors). */
export const inboundConnectionsMax = 1_024
/** A connection that we close may take this long to deliver what was written before it is cut off (ruled). */
export const closePatienceMs = 3 * second

// an entity's own liveness -------------------------------------------------------------------------------------------

/** A beat's timestamp may be this far from our clock (deployed: `max_clock_skew`). */
export const beatSkewMaxMs = 60 * second
/** Without a beat for this long an entity is inactive (registry page; deployed). */
export const inactiveAfterMs = 300 * second

// a node's life ------------------------------------------------------------------------------------------------------

/** A node that found no peer in this time serves alone, and goes on looking (ruled). */
export const joinPatienceMs = 5 * second
/** Peers get this long to hear that we leave (ruled). */
export const drainPatienceMs = 2 * second
/** Failed dials in a row after which an address that we only heard of is given up; configured ones are never (ruled). */
export const dialAttemptsMax = 5
/** Merges that may wait for the store; beyond it announcements are dropped and anti-entropy repairs (ruled). */
export const waitingMergesMax = 10_000
/** Announcements in one merge transaction (ruled: large enough to be worth a round trip, small enough to be short). */
export const mergeBatchMax = 200
/** A throttled peer's announcements are let through in portions of this period (ruled). */
export const releasePeriodMs = 100

// anti-entropy and lazy push (ruled) ----------------------------------------------------------------------------------

/** How often a node reconciles with one capable peer after another; a full round asks all of them once. */
export const reconcilePeriodMs = 30 * second
/** A reconciliation that has not come to its end in this time is given up. */
export const reconcilePatienceMs = 20 * second
/** Ids (and parts) in one list: 100,000 of five bytes are 667 kB of base64, below a frame. */
export const reconcileListMax = 100_000
/** Announcements that one reconciliation moves in each direction; the next one, at once, moves the rest. */
export const reconciledAtOnceMax = 1_000
/** Ids heard of are told to lazy links together, this often. */
export const lazyPeriodMs = 500
/** An announcement whose id was told must have come within this time, else it is asked for. */
export const graftPatienceMs = 700
/** Times an id is asked for, of one who told of it after the other, before it is left to anti-entropy (ruled: at 10 % loss one of 4,000 is left). */
export const graftsMax = 5
/** Ids in one IHAVE or GRAFT. */
export const idsPerMessageMax = 500
/** Ids owed to one lazy link; ids told to us that did not come yet; announcements kept ready for a GRAFT. */
export const owedIdsMax = 5_000
export const missingIdsMax = 10_000
export const recentEnvelopesMax = 2_000
/** Comparisons and lists of one peer that are answered in one period: enough to move 100,000 records, too few to be a burden. */
export const comparisonsPerPeriodMax = 250
/** Rounds without a rest of one asker. */
export const reconcileRoundsMax = 120
/** Announcements in one frame of a reconciliation: some 60 kB. */
export const documentsPerMessage = 50
/** How often the root of the tree sends its beacon; a root that was silent for the second has gone. */
export const beaconPeriodMs = 30 * second
export const beaconPatienceMs = 75 * second
/** What a peer's reputation regains in a second: from nothing to all in under two minutes. */
export const reputationRegainPerSecond = 0.01
/** A peer that lost its reputation is not let in again for this long. */
export const banMs = 10 * minute
/** Banned registries remembered; at the bound the oldest is let in again. */
export const bansMax = 1_000

// roles (registry page, "Node roles"; ruled) ---------------------------------------------------------------------------

/** A peer that is asked for a subject answers within this time, or is not waited for (as a federated query: mesh, "1.5 s"). */
export const askPatienceMs = 1_500
/** Peers that a light node or a gateway asks at once. */
export const askedPeersMax = 3
/** Questions of one peer that are answered in a second; the others are dropped. */
export const asksPerSecond = 200
/** Documents in one answer: what at most `claimsPerEntityMax` registries said, and their status. */
export const answerDocumentsMax = 16
/** Entities of others that a light node holds; beyond it nothing new is kept (some 2 kB each). */
export const lightEntitiesMax = 10_000
/** A registry that said nothing for this long is not alive (ruled); it says that it is every third of it. */
export const leaseMs = 24 * hour
export const leaseRenewalMs = 8 * hour
/** How often a node looks whose lease has run out. */
export const leaseReviewMs = minute

// federated search (mesh page, "Federated search") ---------------------------------------------------------------------

/** Peers that one query is sent to (mesh, "up to 10 matching peers"). */
export const queriedPeersMax = 10
/** A peer that is asked answers within this time, or its answer does not count (mesh, "1.5 s"). */
export const queryPatienceMs = 1_500
/** What a peer that asks others itself leaves of that time for its answer's way back (ruled). */
export const queryWayMs = 500
/** How often a query may be passed on: by a full node, for a gateway or a light node (ruled; the deployed `ttl` is 1). */
export const queryHopsMax = 2
/** Entities in one answer, and bytes of its documents as JSON; what is ranked lower is left out (ruled: far below a frame). */
export const answeredEntitiesMax = 50
export const answeredBytesMax = 262_144
/** Queries of one peer that are answered in a second; the others are dropped (ruled: what 100 busy clients ask). */
export const queriesPerSecond = 100
/** Query ids that a node remembers, so that it passes none on twice; the oldest is forgotten first (ruled: a second of ten such peers). */
export const queryIdsMax = 10_000
/** A peer that did not answer in time is asked, but not waited for, until it answers or this time has passed; each time it doubles (ruled). */
export const probationMs = minute
export const probationMaxMs = hour
/** Share of words that are not there and seem to be, in a filter as large as its content wants (deployed node: 1 %). */
export const filterErrorRate = 0.01
/** Bits of a filter: 417,000 words at that rate, 667 kB in a frame. Larger contents err more often. */
export const filterBitsMax = 4_000_000
export const filterHashesMax = 30
/** Changes of a filter that are kept to be told as changes; whoever holds an older one gets it whole (ruled: some minutes' worth). */
export const filterChangesMax = 16

// DHT (mesh page, "Kademlia DHT"; registry page, "Decentralised lookup"; Maymounkov & Mazières 2002) ---------------------

/** k: contacts in a bucket, in an answer, and holders of a value (pages). */
export const dhtBucketSize = 20
/** α: questions of one lookup that are open at a time (pages). */
export const dhtConcurrency = 3
/** Disjoint paths of a lookup for a value, or for whom to store one with; each has one open question (S/Kademlia; ruled). */
export const dhtPaths = 4
/** Each of them asks so many itself, as a share of k (ruled: of 30 % of liars 0.5 left 0.3 % of values with liars alone, 0.7 none of 1,000). */
export const dhtOwnShare = 0.7
/** A lookup for a value ends when so many paths came to a holder: what they say proves itself, the second is for what is newer (ruled). */
export const dhtHoldersWanted = 2
/** What did not fit into a full bucket waits here; beyond it the one that waited longest is forgotten (ruled). */
export const dhtReplacementsMax = 20
/** A contact that was not heard for this long is pinged when another wants its place (ruled: a quarter of what a session lasts). */
export const dhtQuietMs = 15 * minute
/** Contacts of one IPv4 /24 or IPv6 /48: in a bucket, and in the whole table; private addresses are exempt (as go-libp2p; ruled). */
export const dhtContactsPerNetworkAndBucket = 3
export const dhtContactsPerNetwork = 10
/** A contact that we have no link to is dialled and greeted within this time, or counts as silent (ruled). */
export const dhtDialPatienceMs = 2 * second
/** A question is answered within this time, or its contact counts as silent (ruled). */
export const dhtQuestionPatienceMs = 1_500
/** A lookup that has not come to its end in this time ends with what it has (ruled); one that somebody waits for sooner. */
export const dhtLookupPatienceMs = 60 * second
export const dhtReadPatienceMs = 4 * second
/** Reads that wait for the DHT, or for deployed peers, at a time; beyond it a node answers from what it holds (ruled). */
export const dhtReadsMax = 64
/** A key that nobody knew is not looked for again in this time; such keys remembered, the oldest is forgotten first (ruled). */
export const dhtMissMs = 10 * second
export const dhtMissesMax = 10_000
/** Questions that one lookup may ask in all (ruled: thrice what half a network of dead contacts costs). */
export const dhtQuestionsPerLookupMax = 160
/** Contacts that one lookup remembers; beyond it the farthest is forgotten. */
export const dhtShortlistMax = 120
/** A bucket in which nothing was looked for in this time is refreshed (Kademlia §2.3: an hour). */
export const dhtRefreshMs = hour
/** A node that met its first contact joins after this time, so that it begins with its other peers, too (ruled). */
export const dhtJoinDelayMs = 2 * second
/** How often the DHT looks what is due. */
export const dhtUpkeepMs = minute
/** A publisher says its values again this often, and so does a holder that nobody told in the meantime (pages: one hour). */
export const dhtRepublishMs = hour
/** A value is forgotten this long after its publisher said it last (pages: 24 hours). */
export const dhtValueLifeMs = 24 * hour
/** What STORE says a value is fresh for, in seconds; one that was not said again is served after fresher ones (mesh page, `ttl=3600`). */
export const dhtTtlSeconds = 3_600
/** Keys of which a node holds values for others; beyond it the key farthest from its own id goes first (ruled: some 40 MB). */
export const dhtKeysMax = 20_000
/** Bytes of a record inside a value; of a larger one the pointer alone is stored, and its home is asked (ruled). */
export const dhtRecordBytesMax = 16_384
/** Values under one key: some registries' claims to an entity, and a service and a developer with the same key. */
export const dhtValuesPerKeyMax = 12
/** Connections for questions only: dialled, beyond it the one that rested longest is closed; and callers, the newest is refused (ruled). */
export const dhtLinksMax = 128
export const dhtVisitorsMax = 512
/** A connection for questions that carried none for this long is closed (ruled). */
export const dhtIdleMs = 2 * minute
/** Questions of one link that are answered in a second; the others are dropped (ruled). */
export const dhtQuestionsPerSecond = 100
/** Publications that one node has under way at a time (ruled). */
export const dhtPublicationsAtOnce = 4
/** How often a node writes down whom it knows, and how many of them (ruled). */
export const dhtRememberMs = 5 * minute
export const dhtRememberedMax = 500
/** More contacts than this many times what the size of the network allows for crowd a key (ruled; three deviations are below two). */
export const dhtCrowdedFactor = 6
// trust (Kamvar, Schlosser & Garcia-Molina 2003, "The EigenTrust Algorithm"; registry page, "Trust") ---------------------

/** How much of every step goes back to the pre-trusted (the paper's a): what is said k hops away counts (1 − a)^k. */
export const trustRestart = 0.15
/** Sum of changes below which trust counts as settled, and steps after which it is taken as it is (the paper: about ten). */
export const trustSettled = 1e-6
export const trustStepsMax = 100
/** What a wrong word undoes of right ones (ruled: who wants to be trusted must be right nineteen times in twenty, and more). */
export const wrongWordWeight = 19
/** Own observations at which experience counts as much as hearsay (ruled). */
export const experienceHalf = 20
/** An attestation about a period that began longer ago counts no more (ruled: a day, as a lease). */
export const attestationLifeMs = 25 * hour
/** Registries that trust is worked out for, and subjects of one attester; whoever comes later is unknown (ruled). */
export const trustedRegistriesMax = 100_000
export const attestedByOneMax = 2_000
/** Trust of whom nobody trusted says anything about: half of what an unknown counts where there is no trust at all (ruled). */
export const trustOfNewcomers = 0.25
