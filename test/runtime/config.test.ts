import { inspect } from "node:util"
import * as Redacted from "effect/Redacted"
import * as fc from "fast-check"
import { parse } from "smol-toml"
import { describe, expect, it } from "vitest"
import { decide, type Decision, fileNamed, identityFileOf, type Told } from "../../src/runtime/config.ts"
import { Wrong } from "../../src/runtime/config/kind.ts"
import { lineOf } from "../../src/runtime/config/lines.ts"
import { distance, nearest } from "../../src/runtime/config/nearest.ts"
import { isInFile, meshListen, type SettingName, settingNames, settingOf, variablesOf } from "../../src/runtime/config/settings.ts"

const told = (over: Partial<Told> & { readonly toml?: string } = {}): Decision => {
  const { toml, ...rest } = over
  const file = toml === undefined ? {} : { file: { name: "node.toml", text: toml, content: parse(toml) } }
  return decide({ argv: [], env: {}, ...file, ...rest })
}

const settingsOf = (decision: Decision) => {
  if (decision.type === "refused") throw new Error(decision.complaints.join("\n"))
  return decision.settings
}

const complaintsOf = (decision: Decision) => (decision.type === "refused" ? decision.complaints : [])

/** Four possible values of a setting, as text, none of them its default. */
const samplesOf = (name: SettingName): ReadonlyArray<string> => {
  const { kind, fallback } = settingOf(name)
  const key = "ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik="
  const candidates: Record<string, ReadonlyArray<string>> = {
    "HOST:PORT": ["10.0.0.1:1", "example.org:2", "[::1]:3", "a.b:4"],
    HOST: ["10.0.0.1", "example.org", "::1", "a.b"],
    N: ["1", "2", "3", "4", "5"],
    X: ["0.11", "0.22", "0.33", "0.44"],
    URL: kind.isSecret
      ? ["a", "b", "c", "d"].flatMap((host) => [`postgres://u:p@${host}/x`, `redis://${host}:6379/1`])
      : ["https://a.example", "http://b.example", "https://c.example:8443", "https://d.example/x"],
    "HOST:PORT[#ed25519:KEY],…": ["a:1", `b:2#${key}`, "c:3,d:4", `e:5#${key},f:6`],
    "sha256:HEX": ["a", "b", "c", "d"].map((digit) => `sha256:${digit.repeat(64)}`),
    "true|false": ["true", "false"],
    "ed25519:KEY,…": [key, `${key},ed25519:k63ZhTQ3rTcz7h1lzNd8suDeqVq2TqRgtQwgnB9LVW4=`],
  }
  const possible = candidates[kind.shape] ?? (kind.shape.includes("|") ? kind.shape.split("|") : ["one", "two", "three", "four"])
  return possible.filter((text) => {
    const value = kind.read(text)
    return !(value instanceof Wrong) && (kind.isSecret || fallback === undefined || kind.write(value) !== kind.write(fallback as {}))
  })
}

const shown = (value: unknown) => (Redacted.isRedacted(value) ? Redacted.value(value) : value)
const valueOf = (name: SettingName, text: string) => shown(settingOf(name).kind.read(text))

const tomlOf = (name: SettingName, text: string) => {
  const { inFile } = settingOf(name).kind
  if (inFile === "list") return JSON.stringify(text.split(","))
  return inFile === "text" ? JSON.stringify(text) : text
}

describe("a start's settings", () => {
  it("are the table's defaults when nothing is told", () => {
    const decision = told()
    const settings = settingsOf(decision)
    for (const name of settingNames) expect(settings[name]).toEqual(settingOf(name).fallback)
    expect(settings["server.listen"]).toEqual({ host: "0.0.0.0", port: 8080 })
    expect([settings["mesh.listen_host"], settings["mesh.listen_port"], settings["mesh.max_peers"]]).toEqual(["0.0.0.0", 4001, 15])
    expect(identityFileOf(settings)).toEqual({ file: "./data/identity.json", isNamed: false })
  })

  // Each setting, each subset of the three levels, each with a value of its own where there are enough of them.
  for (const name of settingNames) {
    it(`${name}: flag over variable over file over default`, () => {
      const samples = samplesOf(name)
      expect(samples.length).toBeGreaterThan(0)
      const pick = fc.option(fc.constantFrom(...samples), { nil: undefined })
      fc.assert(
        fc.property(pick, pick, pick, fc.boolean(), fc.nat(), fc.nat(), (flag, variable, filed, isInline, whichVariable, whichKey) => {
          const own = settingOf(name).flag
          const spelled = own === undefined ? undefined : isInline ? [`--${own}=${flag}`] : [`--${own}`, flag!]
          const set = isInFile(name) ? ["--set", `${name}=${flag}`] : undefined
          const argv = flag === undefined ? [] : whichKey % 2 === 0 ? (spelled ?? set!) : (set ?? spelled!)
          const variables = variablesOf(name)
          const env = variable === undefined ? {} : { [variables[whichVariable % variables.length]!]: variable }
          const keys = [name, ...(settingOf(name).aliases ?? [])]
          const toml = filed === undefined || !isInFile(name) ? "" : `${keys[whichKey % keys.length]} = ${tomlOf(name, filed)}\n`
          const winner = flag ?? variable ?? (toml === "" ? undefined : filed)
          const decided = shown(settingsOf(told({ argv, env, toml }))[name])
          expect(decided).toEqual(winner === undefined ? settingOf(name).fallback : valueOf(name, winner))
        }),
        { numRuns: 40 },
      )
    })
  }

  it("--mesh-listen and its variable give host and port together, each still over what is below", () => {
    const toml = `[mesh]\nlisten_port = 7\nlisten_host = "10.0.0.7"\n`
    const mesh = (over: Partial<Told>) => {
      const settings = settingsOf(told({ toml, ...over }))
      return `${settings["mesh.listen_host"]}:${settings["mesh.listen_port"]}`
    }
    expect(mesh({})).toBe("10.0.0.7:7")
    expect(mesh({ env: { [meshListen.variable]: "1.1.1.1:0" } })).toBe("1.1.1.1:0")
    expect(mesh({ env: { [meshListen.variable]: "1.1.1.1:0" }, argv: ["--mesh-listen", "[::]:9"] })).toBe(":::9")
    expect(mesh({ argv: ["--set", "mesh.listen_port=8"] })).toBe("10.0.0.7:8")
    expect(mesh({ argv: ["--mesh-listen", "a:5", "--set", "mesh.listen_port=8"] })).toBe("a:8")
  })

  it("the later of two flags wins, an empty variable is none, and each value tells where it is from", () => {
    const decision = told({
      argv: ["--max-peers", "3", "--max-peers=4"],
      env: { AGENTDNS_LISTEN: "", DATABASE_URL: "postgres://a/b" },
      toml: `[mesh]\n\nbootstrap_peers = ["a:1"]`,
    })
    if (decision.type === "refused") throw new Error(decision.complaints.join())
    expect(decision.settings["mesh.max_peers"]).toBe(4)
    expect([decision.sources["mesh.max_peers"], decision.sources["server.listen"]]).toEqual(["--max-peers", "default"])
    expect([decision.sources["database.url"], decision.sources["mesh.bootstrap_peers"]]).toEqual(["DATABASE_URL", "node.toml line 3"])
  })

  it("secrets do not show when they are printed or complained about", () => {
    const url = "postgres://user:hunter2@db/x"
    const decision = told({ env: { DATABASE_URL: url, AGENTDNS_SERVER_ADMIN_TOKEN: "hunter2" } })
    expect(JSON.stringify(decision)).not.toContain("hunter2")
    expect(inspect(decision, { depth: 9 })).not.toContain("hunter2")
    expect(Redacted.value(settingsOf(decision)["database.url"]!)).toBe(url)
    const wrong = told({
      argv: ["--database-url", "mysql://user:hunter2@db/x"],
      env: { REDIS_URL: "hunter2" },
      toml: `[database]\ndirect_url = "hunter2"`,
    })
    expect(complaintsOf(wrong).length).toBe(3)
    expect(JSON.stringify(wrong)).not.toContain("hunter2")
  })

  it("~/ is the user's home", () => {
    const settings = settingsOf(told({ argv: ["--data-dir", "~/x"], env: { HOME: "/home/me" }, toml: `server.identity = "~/k.json"` }))
    expect([settings["server.data_dir"], identityFileOf(settings)]).toEqual(["/home/me/x", { file: "/home/me/k.json", isNamed: true }])
    expect(fileNamed({ argv: ["--config", "~/a.toml"], env: { HOME: "/home/me", AGENTDNS_CONFIG: "b" } })).toBe("/home/me/a.toml")
    expect([fileNamed({ argv: [], env: { AGENTDNS_CONFIG: "b" } }), fileNamed({ argv: [], env: {} })]).toEqual(["b", undefined])
  })

  it("peers are read with and without key and port", () => {
    const peers = settingsOf(told({ argv: ["--bootstrap", "a, b:2,[::1]:3#ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik="] }))
    expect(peers["mesh.bootstrap_peers"]).toEqual([
      { address: { host: "a", port: 4001 } },
      { address: { host: "b", port: 2 } },
      { address: { host: "::1", port: 3 }, key: "ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=" },
    ])
  })
})

describe("what is wrong with a start's settings is told", () => {
  const flags: Record<string, readonly [argv: ReadonlyArray<string>, complaint: string]> = {
    "an unknown flag, with its neighbour": [["--max-pears", "3"], "there is no flag --max-pears; did you mean --max-peers?"],
    "an unknown flag like no other": [["--no-such-flag"], "there is no flag --no-such-flag"],
    "no value": [["--listen"], "--listen needs a value behind it"],
    "another flag where a value should be": [["--listen", "--log", "json"], "--listen needs a value behind it"],
    "an empty value": [["--listen="], "--listen needs a value"],
    "something else than a flag": [["8080"], `"8080" is not expected here: settings are given as --flag value`],
    "no number": [["--max-peers", "many"], `--max-peers "many" must be a whole number from 0 to 10000`],
    "half a number": [["--max-peers", "1.5"], `--max-peers "1.5" must be a whole number from 0 to 10000`],
    "no port": [["--listen", "localhost"], `--listen "localhost" must be HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080`],
    "too great a port": [["--mesh-listen", "a:65536"], `--mesh-listen "a:65536" must be HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080`],
    "no choice": [["--log", "xml"], `--log "xml" must be one of pretty, json`],
    "no URL": [["--https-endpoint", "example.org"], `--https-endpoint "example.org" must be a URL that begins with https:// or http://`],
    "no key": [
      ["--bootstrap", "a:1#x"],
      `--bootstrap "a:1#x" has a key that is none behind a:1: ed25519: and 44 characters of base64 are expected`,
    ],
    "--set without a value": [["--set", "mesh.max_peers"], `--set needs section.key=value, not "mesh.max_peers"`],
    "--set of something unknown": [
      ["--set", "mesh.max_peer=1"],
      "--set mesh.max_peer: there is no such setting; did you mean mesh.max_peers?",
    ],
    "control characters, which are not repeated": [["--log", "\u001b[31m\n"], `--log "?[31m?" must be one of pretty, json`],
  }
  for (const [name, [argv, complaint]] of Object.entries(flags)) it(name, () => expect(complaintsOf(told({ argv }))).toEqual([complaint]))

  const files: Record<string, readonly [toml: string, complaint: string]> = {
    "an unknown key, with line and neighbour": [
      `[server]\nlisten = "0.0.0.0:8080"\n\n[mesh]\nmax_peer = 3\n`,
      "node.toml line 5: there is no setting [mesh] max_peer; did you mean [mesh] max_peers?",
    ],
    "a key of another section": [
      `[server]\nmax_peers = 3`,
      "node.toml line 2: there is no setting [server] max_peers; did you mean [mesh] max_peers?",
    ],
    "a key of no section": [`# first\nmax_peers = 3`, "node.toml line 2: there is no setting max_peers; did you mean [mesh] max_peers?"],
    "an unknown section": [
      `[mehs]\nmax_peers = 3`,
      "node.toml line 2: there is no setting [mehs] max_peers; did you mean [mesh] max_peers?",
    ],
    "an empty unknown section": [`[quux]`, "node.toml line 1: there is no setting quux"],
    "a number in quotes": [`[mesh]\nmax_peers = "3"`, "node.toml line 2: [mesh] max_peers must be a number without quotes in a file"],
    "text without being text": [`[server]\nlisten = 8080`, "node.toml line 2: [server] listen must be text in quotes in a file"],
    "one text where a list should be": [
      `[mesh]\nbootstrap_peers = "a:1"`,
      "node.toml line 2: [mesh] bootstrap_peers must be a list of texts in brackets in a file",
    ],
    "an impossible number": [`mesh.max_peers = -1`, "node.toml line 1: [mesh] max_peers must be a whole number from 0 to 10000"],
    infinity: [`[mesh]\nmax_peers = inf`, "node.toml line 2: [mesh] max_peers must be a whole number from 0 to 10000"],
    "a date": [`[mesh]\nmax_peers = 2026-01-01`, "node.toml line 2: [mesh] max_peers must be a number without quotes in a file"],
    "one setting under two names": [
      `[api]\nlisten = "a:1"\n[server]\nlisten = "a:2"`,
      "node.toml line 4: [server] listen says again what node.toml line 2 says",
    ],
    "names of every object": [`constructor = 1`, "node.toml line 1: there is no setting constructor"],
  }
  for (const [name, [toml, complaint]] of Object.entries(files)) it(name, () => expect(complaintsOf(told({ toml }))).toEqual([complaint]))

  it("all of it at once, and any wrong level counts even under a right one", () => {
    const decision = told({ argv: ["--max-peers", "3", "--nope"], env: { AGENTDNS_MAX_PEERS: "x" }, toml: `[mesh]\nmax_peers = true` })
    expect(complaintsOf(decision).length).toBe(3)
  })

  it("a flag, variable or key that is one letter off is answered with the right one", () => {
    const flagsKnown = settingNames.flatMap((name) => settingOf(name).flag ?? []).filter((flag) => flag.length > 5)
    fc.assert(
      fc.property(fc.constantFrom(...flagsKnown), fc.nat(), (flag, at) => {
        const position = at % flag.length
        const written = `${flag.slice(0, position)}${flag.slice(position + 1)}`
        expect(complaintsOf(told({ argv: [`--${written}`, "1"] }))).toEqual([`there is no flag --${written}; did you mean --${flag}?`])
      }),
    )
  })

  it("variables that nobody knows are a warning, those of tests and of others are nothing", () => {
    const decision = told({ env: { AGENTDNS_MAX_PEER: "3", AGENTDNS_TEST_POSTGRES_URL: "x", PATH: "y", AGENTDNS_MESH_MAX_PEERS: "4" } })
    expect(decision.type === "decided" && decision.warnings).toEqual([
      "there is no variable AGENTDNS_MAX_PEER; did you mean AGENTDNS_MAX_PEERS?",
    ])
    expect(settingsOf(decision)["mesh.max_peers"]).toBe(4)
  })
})

describe("files of deployed operators", () => {
  const deployed = `
[node]
name = "my-registry"
type = "full"
data_dir = "~/.zynd/data"
external_ip = "auto"
https_endpoint = "https://registry.example"
[mesh]
listen_port = 4001
max_peers = 50
bootstrap_peers = ["one.example:4001", "192.0.2.7"]
tls_enabled = true
[gossip]
max_hops = 10
max_announcements_per_second = 100
dedup_window_seconds = 300
[registry]
postgres_url = "postgres://u:p@localhost:5432/agentdns?sslmode=disable"
max_local_agents = 100000
[search]
embedding_backend = "onnx"
embedding_model_dir = "~/.zynd/models"
embedding_endpoint = ""
use_improved_keyword = false
min_score = 0.1
[search.ranking]
method = "weighted"
text_relevance_weight = 0.30
[cache]
max_gossip_entries = 2000000
[redis]
url = ""
password = ""
db = 0
prefix = "agdns:"
[trust]
min_display_score = 0.1
[api]
listen = "0.0.0.0:9090"
rate_limit_search = 200
cors_origins = ["https://a.example", "https://b.example"]
[bloom]
expected_tokens = 500000
[onboarding]
mode = "open"
webhook_secret = ""
[heartbeat]
max_clock_skew_seconds = 60
[dht]
republish_interval = 3600
`

  it("work as they are; what has no meaning or no effect here is noted with its line", () => {
    const decision = told({ toml: deployed, env: { HOME: "/root" } })
    const settings = settingsOf(decision)
    expect(settings["server.name"]).toBe("my-registry")
    expect(settings["server.data_dir"]).toBe("/root/.zynd/data")
    expect(settings["server.listen"]).toEqual({ host: "0.0.0.0", port: 9090 })
    expect(settings["server.https_endpoint"]).toBe("https://registry.example")
    expect(Redacted.value(settings["database.url"]!)).toContain("@localhost:5432")
    expect(settings["mesh.bootstrap_peers"].map(({ address }) => address.port)).toEqual([4001, 4001])
    expect(settings["api.cors_origins"]).toEqual(["https://a.example", "https://b.example"])
    expect(settings["cache.redis_url"]).toBeUndefined()
    const notes = decision.type === "decided" ? decision.notes : []
    for (const key of ["[node] external_ip", "[registry] max_local_agents", "[cache] max_gossip_entries", "[trust] min_display_score"]) {
      expect(notes.filter((note) => note.includes(`${key} has no meaning here`)).length).toBe(1)
    }
    expect(notes).toContain(
      "node.toml line 24: [search] use_improved_keyword has no effect: words are always looked up by field, with stems and synonyms",
    )
    expect(settings["search.min_score"]).toBe(0.1)
    expect(notes.some((note) => note.includes("min_score"))).toBe(false)
    expect(notes.some((note) => note.includes("max_hops"))).toBe(false)
  })
})

/** Every key that a deployed node's file may have, with the value that it writes itself (reference 8.1). */
const deployedKeys: Readonly<Record<string, unknown>> = {
  "node.name": "my-registry",
  "node.type": "full",
  "node.data_dir": "~/.zynd/data",
  "node.external_ip": "auto",
  "node.https_endpoint": "",
  "mesh.listen_port": 4001,
  "mesh.max_peers": 15,
  "mesh.bootstrap_peers": [],
  "mesh.tls_enabled": true,
  "gossip.max_hops": 10,
  "gossip.max_announcements_per_second": 100,
  "gossip.dedup_window_seconds": 300,
  "registry.postgres_url": "postgres://agentdns@localhost/agentdns",
  "registry.max_local_agents": 100_000,
  "search.embedding_backend": "hash",
  "search.embedding_model": "all-MiniLM-L6-v2",
  "search.embedding_dimensions": 384,
  "search.embedding_model_dir": "",
  "search.embedding_endpoint": "",
  "search.onnx_runtime_path": "",
  "search.use_improved_keyword": true,
  "search.min_score": 0,
  "search.max_federated_peers": 10,
  "search.federated_timeout_ms": 1_500,
  "search.default_max_results": 20,
  "search.ranking.method": "weighted",
  "search.ranking.text_relevance_weight": 0.3,
  "search.ranking.semantic_similarity_weight": 0.3,
  "search.ranking.trust_weight": 0.2,
  "search.ranking.freshness_weight": 0.1,
  "search.ranking.availability_weight": 0.1,
  "cache.max_agent_cards": 50_000,
  "cache.agent_card_ttl_seconds": 3_600,
  "cache.max_gossip_entries": 2_000_000,
  "redis.url": "",
  "redis.password": "",
  "redis.db": 0,
  "redis.prefix": "",
  "trust.min_display_score": 0.1,
  "api.listen": "0.0.0.0:8080",
  "api.rate_limit_search": 100,
  "api.rate_limit_register": 10,
  "api.cors_origins": ["*"],
  "bloom.expected_tokens": 500_000,
  "bloom.false_positive_rate": 0.01,
  "bloom.update_interval_seconds": 300,
  "onboarding.mode": "open",
  "onboarding.auth_url": "",
  "onboarding.webhook_secret": "",
  "heartbeat.enabled": true,
  "heartbeat.inactive_threshold_seconds": 300,
  "heartbeat.sweep_interval_seconds": 60,
  "heartbeat.max_clock_skew_seconds": 60,
  "dht.enabled": true,
  "dht.k": 20,
  "dht.alpha": 3,
  "dht.republish_interval": 3_600,
  "dht.expire_after": 86_400,
  "dht.lookup_timeout_ms": 5_000,
  // names of the deployed documentation, which its node ignores
  "server.http_port": 8080,
  "server.mesh_port": 4001,
  "server.external_url": "https://registry.example",
  "postgres.url": "postgres://agentdns@localhost/agentdns",
  "search.embedder": "hash",
  "search.onnx_model": "all-MiniLM-L6-v2",
  "heartbeat.ttl_minutes": 5,
  "metrics.enabled": true,
}

describe("every key of deployed files and pages", () => {
  it.each(Object.entries(deployedKeys))("%s is no error: it is a setting, or a note that says why not", (key, value) => {
    const dot = key.lastIndexOf(".")
    const decision = told({ toml: `[${key.slice(0, dot)}]\n${key.slice(dot + 1)} = ${JSON.stringify(value)}\n`, env: {} })
    expect(complaintsOf(decision)).toEqual([])
    if (decision.type !== "decided") return
    const isTaken = Object.values(decision.sources).includes("node.toml line 2")
    const isNoted = decision.notes.length === 1 && decision.notes[0]!.startsWith("node.toml line 2: ")
    // an empty text is how a deployed file says nothing
    expect(isTaken || isNoted || value === "").toBe(true)
  })
})

describe("lines and neighbours", () => {
  it("finds keys in tables, dotted, quoted and inline, and is not misled by texts over several lines", () => {
    const toml = `a = """\n[mesh]\nmax_peers = 1\n"""\n[ "mesh" ]\n"max_peers" = 2\n[search]\nranking = { method = "rrf" }\nx.y = 1\n`
    expect(lineOf(toml, "mesh.max_peers")).toBe(6)
    expect(lineOf(toml, "search.ranking.method")).toBe(8)
    expect(lineOf(toml, "search.x.y")).toBe(9)
    expect([lineOf(toml, "search.absent"), lineOf(toml, "nowhere")]).toEqual([7, undefined])
  })

  it("distance is a metric as far as suggestions need one", () => {
    const words = fc.string({ maxLength: 8 })
    fc.assert(
      fc.property(words, words, (a, b) => {
        expect(distance(a, b)).toBe(distance(b, a))
        expect(distance(a, b) === 0).toBe(a === b)
        expect(distance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
        expect(distance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length))
      }),
    )
    expect([distance("listne", "listen"), nearest("lisetn", ["listen", "list"]), nearest("zzz", ["listen"])]).toEqual([
      1,
      "listen",
      undefined,
    ])
  })
})
