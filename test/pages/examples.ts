/**
 * Every example of the five pages, as printed there. What a page leaves out or shortens is completed for the trial; each
 * completion is named, so that nobody has to guess what "works as printed" means.
 */
export interface Example {
  readonly page: "storage" | "mesh" | "registry" | "identity" | "naming"
  readonly text: string
  /** What had to be filled in, and why. None: it is tried to the letter. */
  readonly completed: ReadonlyArray<string>
}

const shortId = "an id of the page is shortened; a whole one stands in its place"
const signed = "the signature is a placeholder; a true one stands in its place"

export const examples = {
  joining: {
    page: "mesh",
    text: `# config.toml on your new node
[mesh]
listen_port = 4001
bootstrap_peers = ["zns-boot.zynd.ai:4001", "zns01.zynd.ai:4001"]
max_peers = 15
tls_enabled = true`,
    completed: [],
  },
  heartbeat: {
    page: "mesh",
    text: `{
  "type": "HEARTBEAT",
  "registry_id": "zns01.zynd.ai",
  "timestamp": "2026-04-23T12:34:56Z",
  "peers": [
    {"host": "zns02.example.com", "port": 4001, "reputation": 0.95}
  ],
  "bloom_filter": "base64:AQIDBAUG...",
  "agent_count": 3452,
  "service_count": 287
}`,
    completed: [],
  },
  ownNode: {
    page: "mesh",
    text: `[server]
listen = "0.0.0.0:8080"
https_endpoint = "https://my-registry.example.com"
[database]
url = "postgresql://postgres:pw@localhost:5432/agentdns"
[cache]
redis_url = "redis://localhost:6379"
[mesh]
listen_port = 4001
max_peers = 15
bootstrap_peers = ["zns-boot.zynd.ai:4001", "zns01.zynd.ai:4001"]
tls_enabled = true
[gossip]
max_hops = 10
dedup_window_seconds = 300
[dht]
enabled = true
k = 20
alpha = 3`,
    completed: [],
  },
  compose: {
    page: "mesh",
    text: `AGENTDNS_CONFIG: /config/config.toml
AGENTDNS_DATA_DIR: /data`,
    completed: ["of the Compose file the node's own environment; deploy/docker-compose.yml is the whole of it, tried in CI"],
  },
  info: { page: "mesh", text: "curl https://my-registry.example.com/v1/info", completed: ["the host is the node under test"] },
  peers: { page: "mesh", text: "curl https://my-registry.example.com/v1/network/peers", completed: ["the host is the node under test"] },
  proof: {
    page: "registry",
    text: `{
  "domain": "zns01.zynd.ai",
  "registry_id": "zns:registry:a1b2c3d4...",
  "ed25519_public_key": "ed25519:gKH4...",
  "tls_spki_fingerprint": "sha256:b4de3a9f...",
  "signature": "ed25519:Pfix+qwQ..."
}`,
    completed: ["all values are shortened; the members are what is compared"],
  },
  registration: {
    page: "identity",
    text: `{
  "name": "stock-analyzer",
  "public_key": "ed25519:<agent_pub>",
  "developer_id": "agdns:dev:f2a1c3e8b9d7",
  "developer_proof": {
    "developer_public_key": "ed25519:<dev_pub>",
    "agent_public_key": "ed25519:<agent_pub>",
    "index": 0,
    "signature": "ed25519:<dev_signature_over(agent_pub || index)>"
  },
  "signature": "ed25519:<agent_signature_over_payload>"
}`,
    completed: [shortId, signed, "keys are placeholders", "category and entity_url are left out, and are required of an agent"],
  },
  init: { page: "identity", text: "agentdns init", completed: ["--dir, so that nobody's home is touched"] },
  developerInit: { page: "identity", text: "zynd init", completed: [] },
  claimHandle: { page: "naming", text: "zynd dev-claim-handle my-startup", completed: [] },
  claim: {
    page: "naming",
    text: `{
    "handle": "my-startup",
    "proof": "<ownership_proof>"
}`,
    completed: ["the ownership proof is the developer's id, key and signature over the claim"],
  },
  handleAvailable: {
    page: "naming",
    text: "curl https://zns01.zynd.ai/v1/handles/my-startup/available",
    completed: ["the host is the node under test"],
  },
  agentRegister: {
    page: "naming",
    text: "zynd agent register --agent-name stock-analyzer --dev-handle my-startup",
    completed: ["ZYND_ENTITY_URL: a registration says where the agent answers"],
  },
  nameBind: { page: "naming", text: "zynd name-bind zns:8e92a6ed... stock-analyzer", completed: [shortId] },
  bind: {
    page: "naming",
    text: `{
    "agent_name": "stock-analyzer",
    "developer_handle": "my-startup",
    "agent_id": "zns:8e92a6ed48e821f4...",
    "signature": "<ed25519_signature>"
}`,
    completed: [shortId, signed],
  },
  resolve: {
    page: "naming",
    text: "zynd resolve zns01.zynd.ai/acme-corp/stock-analyzer",
    completed: ["the host is that of the node under test", "the handle is the one claimed above"],
  },
  resolution: {
    page: "naming",
    text: `{
    "agent_id": "zns:8e92a6ed48e821f4...",
    "name": "stock-analyzer",
    "developer": "acme-corp",
    "current_version": 1,
    "versions": [
        {
            "version": 1,
            "agent_id": "zns:8e92a6ed...",
            "bound_at": "2026-04-10T12:34:56Z",
            "updated_by": "zns:dev:abc123..."
        }
    ]
}`,
    completed: [shortId, "the members and their types are what is compared"],
  },
  nameUpdate: {
    page: "naming",
    text: `zynd name-update zns01.zynd.ai/acme-corp/stock-analyzer \\
  --new-agent-id zns:a1b2c3d4e5f6...`,
    completed: [shortId, "the host is that of the node under test", "the handle is the one claimed above"],
  },
  nameRollback: {
    page: "naming",
    text: "zynd name-rollback zns01.zynd.ai/acme-corp/stock-analyzer --version 1",
    completed: ["the host is that of the node under test", "the handle is the one claimed above"],
  },
  nameUnbind: {
    page: "naming",
    text: "zynd name-unbind zns01.zynd.ai/acme-corp/stock-analyzer",
    completed: ["the host is that of the node under test", "the handle is the one claimed above"],
  },
} satisfies Readonly<Record<string, Example>>
