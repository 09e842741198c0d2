/** SHA-256 and SHA-512 as this project needs them: bytes or hex of bytes or text. */
import { hash } from "node:crypto"

export const sha256 = (data: Uint8Array | string): Uint8Array => hash("sha256", data, "buffer")
export const sha256Hex = (data: Uint8Array | string): string => hash("sha256", data, "hex")
export const sha512 = (data: Uint8Array | string): Uint8Array => hash("sha512", data, "buffer")
