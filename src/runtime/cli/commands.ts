/** All commands of `agentdns` by name. */
import { clientCommand, type ClientCommand } from "./client/client-command.ts"
import type { Entry, Program } from "./program.ts"

/** A command that asks a registry, from the module that it is written in. */
const client = (summary: string, load: () => Promise<ClientCommand>): Entry => ({
  summary,
  load: async () => clientCommand(await load()),
})

const developer = () => import("./client/developer.ts")
const entity = () => import("./client/entity.ts")
const reading = () => import("./client/reading.ts")
const network = () => import("./client/network.ts")
const moderation = () => import("./client/moderation.ts")
const name = () => import("./client/name.ts")
const database = () => import("./database.ts")
const keys = () => import("./client/keys.ts")
const trial = () => import("./client/trial.ts")

export const agentdns: Program = {
  name: "agentdns",
  about: "a registry node for AI agents",
  commands: new Map<string, Entry>([
    ["start", { summary: "runs a node", load: async () => (await import("./start.ts")).command }],
    ["init", { summary: "makes a key and a settings file", load: async () => (await import("./init.ts")).command }],
    ["identity", { summary: "prints the registry's id and key", load: async () => (await import("./identity.ts")).command }],
    ["config check", { summary: "what each setting is, and what is wrong", load: async () => (await import("./config-check.ts")).check }],
    ["doctor", { summary: "looks at all that a node needs, and says what to do", load: async () => (await import("./doctor.ts")).command }],
    ["status", client("how a running node fares", async () => (await reading()).status)],
    [
      "registry verify",
      client("whether it is who its address promises", async () => (await import("./client/verify.ts")).verifyRegistry()),
    ],
    ["peers", client("whom it is connected with", async () => (await reading()).peers)],
    ["peer list", client("the same", async () => ({ ...(await reading()).peers, name: "peer list" }))],
    ["peer add", client("tells it of another node", async () => (await network()).addPeer)],
    ["block", client("hides an entity, a developer, a registry or a host", async () => (await moderation()).blockSubject)],
    ["unblock", client("ends that", async () => (await moderation()).unblockSubject)],
    ["blocked", client("what it blocks, and why", async () => (await moderation()).listBlocks)],
    ["trust list", client("how far it trusts its peers", async () => (await network()).listTrust)],
    ["trust show", client("how far it trusts an entity", async () => (await network()).entityTrust)],
    ["search", client("finds agents and services", async () => (await reading()).search)],
    ["resolve", client("what a name means, or who an id is", async () => (await reading()).resolve)],
    ["card", client("an agent's live card", async () => (await reading()).card)],
    ["register", client("registers an agent or a service", async () => (await entity()).registerEntity("register"))],
    ["deregister", client("ends a registration", async () => (await entity()).deregisterEntity)],
    ["derive-agent", client("derives an agent's key from the developer's", async () => (await entity()).deriveAgent)],
    ["dev-init", client("makes the developer's key", async () => (await developer()).makeDeveloper("dev-init"))],
    ["dev-register", client("registers the developer", async () => (await developer()).registerDeveloper)],
    ["dev-claim-handle", client("claims a handle", async () => (await developer()).claimHandle)],
    ["auth login", client("gets a developer's key where onboarding is restricted", async () => (await import("./client/login.ts")).login)],
    ["onboarding setup", { summary: "makes a secret for a webhook", load: async () => (await import("./onboarding.ts")).setup }],
    ["db reset", { summary: "empties the node's database", load: async () => (await database()).reset }],
    ["db export", { summary: "writes all that the node holds as JSON lines", load: async () => (await database()).exportAll }],
    ["db import", { summary: "reads such lines", load: async () => (await database()).importAll }],
    ["import-go", { summary: "takes over a deployed node's database and key", load: async () => (await import("./import-go.ts")).command }],
    ["models list", { summary: "models for semantic search", load: async () => (await import("./models.ts")).list }],
    ["models info", { summary: "what one of them is and needs", load: async () => (await import("./models.ts")).info }],
    ["models download", { summary: "fetches the files of one", load: async () => (await import("./models.ts")).download }],
    ["test register", client("registers many agents, to see what a node takes", async () => (await trial()).registerMany)],
    ["test deregister", client("ends those registrations", async () => (await trial()).deregisterMany)],
  ]),
}

/** `zynd`: the developer's side of the same (naming page), for keys that the SDKs use, too. */
export const zynd: Program = {
  name: "zynd",
  about: "agents, services and their names, from the developer's side",
  commands: new Map<string, Entry>([
    ["init", client("makes the developer's key", async () => (await developer()).makeDeveloper("init"))],
    ["auth login", client("gets it where onboarding is restricted", async () => (await import("./client/login.ts")).login)],
    ["auth whoami", client("who one is", async () => (await keys()).whoami)],
    ["dev-register", client("registers the developer", async () => (await developer()).registerDeveloper)],
    ["dev-claim-handle", client("claims a handle", async () => (await developer()).claimHandle)],
    ["dev-release-handle", client("gives it up", async () => (await developer()).releaseHandle)],
    [
      "agent register",
      client("registers an agent or a service, with its name", async () => (await entity()).registerEntity("agent register")),
    ],
    ["register", client("the same", async () => (await entity()).registerEntity("register"))],
    ["deregister", client("ends a registration", async () => (await entity()).deregisterEntity)],
    ["name-bind", client("binds a name to an entity", async () => (await name()).bindName)],
    ["name-update", client("binds it to another one, as a new version", async () => (await name()).updateName)],
    ["name-rollback", client("goes back to an earlier version", async () => (await name()).rollbackName)],
    ["name-unbind", client("gives a name up", async () => (await name()).unbindName)],
    ["resolve", client("what a name means, or who an id is", async () => (await reading()).resolve)],
    ["search", client("finds agents and services", async () => (await reading()).search)],
    ["info", client("an entity's record", async () => (await reading()).info)],
    ["card", client("an agent's live card", async () => (await reading()).card)],
    ["keys list", client("the keys of this machine", async () => (await keys()).listKeys)],
    ["keys create", client("makes a key", async () => (await keys()).createKey)],
    ["keys derive", client("derives one from the developer's", async () => (await keys()).deriveKeyFile)],
    ["keys show", client("who a key is", async () => (await keys()).showKey)],
  ]),
}
