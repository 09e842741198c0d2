/**
 * The certificate a node shows on the mesh: X.509 v3, self-signed with the registry's own Ed25519 key.
 *
 * Nobody verifies a chain; the certificate only carries the key, and TLS proves that the other end holds it. Its form is
 * what deployed nodes show and accept: empty subject, random serial of 128 bits, valid for a year, key usage
 * digitalSignature, extended usage server and client. It is short enough to be written in DER by hand (RFC 5280, RFC 8410).
 */
import { createPublicKey, sign } from "node:crypto"
import type { SecretKey } from "../../protocol/identity/ed25519.ts"

export interface CertificateChoices {
  /** 16 random bytes. */
  readonly serial: Uint8Array
  readonly nowMs: number
}

/** A fresh certificate (PEM) for this key, valid from an hour ago (clocks differ) for a year. */
export const selfSigned = (key: SecretKey, { serial, nowMs }: CertificateChoices): string => {
  const body = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(positive(serial)),
    ed25519,
    noName,
    sequence(time(nowMs - hourMs), time(nowMs + yearMs)),
    noName,
    createPublicKey(key.keyObject).export({ format: "der", type: "spki" }),
    explicit(3, sequence(keyUsage, extendedKeyUsage)),
  )
  return pem(sequence(body, ed25519, bitString(0, sign(null, body, key.keyObject))))
}

const hourMs = 3_600_000
const yearMs = 365 * 24 * hourMs

// DER ----------------------------------------------------------------------------------------------------------------

/** One element: tag, length, contents. Nothing here is longer than 65,535 bytes. */
const element = (tag: number, ...contents: ReadonlyArray<Uint8Array>): Buffer => {
  const inside = Buffer.concat(contents)
  const { length } = inside
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), inside])
}

const sequence = (...contents: ReadonlyArray<Uint8Array>) => element(0x30, ...contents)
const explicit = (number: number, content: Uint8Array) => element(0xa0 + number, content)
const integer = (bytes: Uint8Array) => element(0x02, bytes)
const octets = (content: Uint8Array) => element(0x04, content)
const bitString = (unusedBits: number, bytes: Uint8Array) => element(0x03, Buffer.from([unusedBits]), bytes)
const critical = element(0x01, Buffer.from([0xff]))
const oid = (hex: string) => element(0x06, Buffer.from(hex, "hex"))

/** A DER integer is signed and has no superfluous first byte: between 0x40 and 0x7f it is positive and minimal. */
const positive = (serial: Uint8Array): Buffer => {
  const bytes = Buffer.from(serial)
  bytes[0] = (bytes[0]! & 0x3f) | 0x40
  return bytes
}

/** UTCTime to the end of 2049, GeneralizedTime from then on (RFC 5280, 4.1.2.5). */
const time = (atMs: number): Buffer => {
  const text = `${new Date(atMs).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`
  return text < "2050" ? element(0x17, Buffer.from(text.slice(2))) : element(0x18, Buffer.from(text))
}

const noName = sequence()
/** id-Ed25519, 1.3.101.112: names the key's kind and the signature's. */
const ed25519 = sequence(oid("2b6570"))
/** 2.5.29.15: digitalSignature is bit 0, the other seven are unused. */
const keyUsage = sequence(oid("551d0f"), critical, octets(bitString(7, Uint8Array.of(0x80))))
/** 2.5.29.37: id-kp-serverAuth and id-kp-clientAuth, for a node is both. */
const extendedKeyUsage = sequence(oid("551d25"), octets(sequence(oid("2b06010505070301"), oid("2b06010505070302"))))

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`
