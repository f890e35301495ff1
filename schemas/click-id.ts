import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { base32FromBytes, bytesFromBase32 } from './base32.ts'

/*
 * A click id is 160 bits, big-endian, in 32 characters of base32:
 *
 *   time 42 | link number 22 | version 2 | key id 4 | random 26 | HMAC-SHA256 over these 96 bits, cut to 64
 *
 * Time (milliseconds since 2020) comes first, so ids sort by time also across a change of keys.
 */
const ID_BYTES = 20
const SIGNED_BYTES = 12
const MAC_BYTES = 8
const VERSION = 1
const EPOCH_MS = Date.UTC(2020, 0, 1)
const TIME_MS_MAX = 2 ** 42 - 1
const KEY_BYTES_MIN = 16
const KEY_ID_MAX = 15

/** Highest number of a link; the lowest is 1. */
export const LINK_NUMBER_MAX = 2 ** 22 - 1
/** How many values `random26` has. */
export const RANDOM26_COUNT = 2 ** 26

export type ClickKey = { id: number; secret: KeyObject }
/** The first key signs, all verify. */
export type ClickKeys = { signing: ClickKey; byId: ReadonlyMap<number, ClickKey> }
export type ClickIdParts = { atMs: number; linkNumber: number; random26: number }
export type VerifiedClickId = { atMs: number; linkNumber: number; keyId: number }

/** Reads `kid:hex[,kid:hex]`. Throws with what is wrong, never with the secret. */
export function clickKeysFromText(text: string): ClickKeys {
  const keys = text.split(',').map(clickKeyFromText)
  const byId = new Map(keys.map((key) => [key.id, key]))
  if (byId.size < keys.length) throw new Error('click keys: a key id is given twice')
  return { signing: keys[0]!, byId }
}

function clickKeyFromText(text: string, index: number): ClickKey {
  const match = /^(0|[1-9][0-9]?):((?:[0-9a-fA-F]{2})+)$/.exec(text)
  if (match === null) throw new Error(`click keys: key ${index + 1} is not kid:hex, for example 0:00112233445566778899aabbccddeeff`)
  const id = Number(match[1])
  const bytes = Buffer.from(match[2]!, 'hex')
  if (id > KEY_ID_MAX) throw new Error(`click keys: key id ${id} is above ${KEY_ID_MAX}`)
  if (bytes.length < KEY_BYTES_MIN) throw new Error(`click keys: key ${id} has ${bytes.length} bytes, at least ${KEY_BYTES_MIN} are needed`)
  return { id, secret: createSecretKey(bytes) }
}

/** Makes a signed id. Throws a RangeError on parts that do not fit: they come from our own clock and catalog. */
export function mintClickId(keys: ClickKeys, { atMs, linkNumber, random26 }: ClickIdParts): string {
  const sinceEpochMs = atMs - EPOCH_MS
  assertInteger('atMs since 2020', sinceEpochMs, 0, TIME_MS_MAX)
  assertInteger('linkNumber', linkNumber, 1, LINK_NUMBER_MAX)
  assertInteger('random26', random26, 0, RANDOM26_COUNT - 1)
  const bytes = Buffer.allocUnsafe(ID_BYTES)
  bytes.writeUInt32BE(Math.floor(sinceEpochMs / 1024), 0)
  bytes.writeUInt32BE((sinceEpochMs % 1024) * 2 ** 22 + linkNumber, 4)
  bytes.writeUInt32BE(VERSION * 2 ** 30 + keys.signing.id * 2 ** 26 + random26, 8)
  macOf(keys.signing, bytes).copy(bytes, SIGNED_BYTES, 0, MAC_BYTES)
  return base32FromBytes(bytes)
}

/** Reads an id; null when it is forged, altered, of an unknown key, or no click id at all. */
export function verifyClickId(keys: ClickKeys, id: string): VerifiedClickId | null {
  const bytes = bytesFromBase32(id, ID_BYTES)
  if (bytes === null) return null
  const low = bytes.readUInt32BE(8)
  const key = keys.byId.get((low >>> 26) & 15)
  if (low >>> 30 !== VERSION || key === undefined) return null
  if (!timingSafeEqual(macOf(key, bytes).subarray(0, MAC_BYTES), bytes.subarray(SIGNED_BYTES))) return null
  return { atMs: timeOf(bytes), linkNumber: bytes.readUInt32BE(4) & LINK_NUMBER_MAX, keyId: key.id }
}

/** The parts of an id that need no key, and prove nothing: its time and its last 8 bytes. Null when it is no id. */
export function unverifiedPartsOfClickId(id: string): { atMs: number; mac: Buffer } | null {
  const bytes = bytesFromBase32(id, ID_BYTES)
  return bytes === null ? null : { atMs: timeOf(bytes), mac: bytes.subarray(SIGNED_BYTES) }
}

/** The random part of a click that was sent by API: a function of what was sent, so that a retry gets the same id. */
export function random26FromContent(keys: ClickKeys, integrationId: string, externalClickId: string, content: string): number {
  const text = [integrationId, externalClickId, content].map((part) => `${part.length}:${part}`).join('')
  return createHmac('sha256', keys.signing.secret).update(`random26:${text}`).digest().readUInt32BE(0) >>> 6
}

function timeOf(bytes: Buffer): number {
  return EPOCH_MS + bytes.readUInt32BE(0) * 1024 + (bytes.readUInt32BE(4) >>> 22)
}

function macOf(key: ClickKey, bytes: Buffer): Buffer {
  return createHmac('sha256', key.secret).update(bytes.subarray(0, SIGNED_BYTES)).digest()
}

function assertInteger(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) throw new RangeError(`click id: ${name} is ${value}, not an integer from ${min} to ${max}`)
}
