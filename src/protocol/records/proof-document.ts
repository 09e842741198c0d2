/** A developer's derivation proof as it travels: the SDKs' names, and those of the identity page (both are read, ruled). */
import { Schema } from "effect"
import { type DeveloperProof, isIndex } from "../identity/derivation.ts"
import { readKey, readSignature } from "../identity/key.ts"

export const DeveloperProofDocument = Schema.Struct({
  developer_public_key: Schema.String,
  entity_index: Schema.optionalKey(Schema.Finite),
  index: Schema.optionalKey(Schema.Finite),
  developer_signature: Schema.optionalKey(Schema.String),
  signature: Schema.optionalKey(Schema.String),
})

/** `undefined` when a key, signature or index is none. */
export const readProofDocument = (said: typeof DeveloperProofDocument.Type): DeveloperProof | undefined => {
  const key = readKey(said.developer_public_key)
  const signature = readSignature(said.developer_signature ?? said.signature ?? "")
  const index = said.entity_index ?? said.index ?? -1
  return key === undefined || signature === undefined || !isIndex(index)
    ? undefined
    : { developer_public_key: key, entity_index: index, developer_signature: signature }
}
