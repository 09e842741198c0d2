/** The live page: its pages by address, what is said above them when the node is away, and the keys that lead around. */
import { activityPage } from "./activity.js"
import { byId, fill, say } from "./dom.js"
import { connect, stream } from "./live.js"
import { overview } from "./overview.js"
import { peersPage, registryPage } from "./peers.js"
import { developerPage, entityPage, handlePage, namePage } from "./records.js"
import { nameTitles, route } from "./router.js"
import { searchBox, searchPage } from "./search.js"
import { info, isReachable, watch } from "./watch.js"

route({
  "": overview,
  peers: peersPage,
  registry: registryPage,
  activity: activityPage,
  search: searchPage,
  entity: entityPage,
  developer: developerPage,
  handle: handlePage,
  name: namePage,
})
searchBox()

document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault()
  byId("main").focus()
})

info.listen((known) => {
  if (known === undefined) return
  nameTitles(known.name)
  say(byId("brand"), known.name)
  say(byId("footer"), `agentdns ${known.version}`)
})

// what is said of a node that is away; a stream that is lost for a moment only is not worth a word
const quietMs = 800
/** @type {ReturnType<typeof setTimeout> | undefined} */
let worried
const banner = () => {
  clearTimeout(worried)
  const [{ phase }, answers] = [stream.value, isReachable.value]
  if (phase !== "lost" && answers) return fill(byId("banner"))
  worried = setTimeout(
    () =>
      say(
        byId("banner"),
        answers
          ? "Live activity is interrupted; the rest is up to date. Connecting again …"
          : "The node does not answer. What you see is what was last heard of it; it is asked again all the time.",
      ),
    quietMs,
  )
}
stream.listen(banner)
isReachable.listen(banner)

// a connection that was cut on the way says nothing of it: one that outlived a time without answers is made anew
let isDoubtful = false
stream.listen(({ phase }) => {
  if (phase !== "live") isDoubtful = false
})
isReachable.listen((answers) => {
  const wasDoubtful = isDoubtful
  isDoubtful = !answers && stream.value.phase === "live"
  if (answers && wasDoubtful) connect()
})

watch()
connect()
