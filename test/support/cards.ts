/** Agent cards as both SDKs serve them: A2A 0.3, signed by the entity's key (reference 1.4). */
import { canonical, canonicalWithout, type JsonObject } from "../../src/protocol/identity/canonical-json.ts"
import { type SecretKey, sign } from "../../src/protocol/identity/ed25519.ts"
import { idOf } from "../../src/protocol/identity/id.ts"
import { rawSignature } from "../../src/protocol/identity/key.ts"

export const protectedHead = Buffer.from('{"alg":"EdDSA","typ":"agent-card+jcs+jws"}').toString("base64url")

/** `payload`: what is signed, where it is not the card's own canonical JSON. */
export const signatureBy = (key: SecretKey, payload: string, head: string = protectedHead): JsonObject => ({
  protected: head,
  signature: rawSignature(sign(key, `${head}.${payload}`)).toString("base64url"),
  header: { kid: key.publicKey },
})

export const cardOf = (key: SecretKey, fields: JsonObject = {}): JsonObject => {
  const card: JsonObject = {
    protocolVersion: "0.3.0",
    name: "weather & more",
    description: "Tells tomorrow's weather — 😀",
    version: "1.0.0",
    url: "https://agent.example.com/a2a",
    preferredTransport: "JSONRPC",
    capabilities: { streaming: false },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: [{ id: "forecast", name: "Forecast" }],
    "x-zynd": { version: 1, entityId: idOf("agent", key.publicKey), publicKey: key.publicKey, status: "online" },
    ...fields,
  }
  return { ...card, signatures: [signatureBy(key, canonicalWithout(card))] }
}

export const textOf = (card: JsonObject): string => canonical(card)
