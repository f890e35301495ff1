import { crc32 } from 'node:zlib'

/** A record on its way to a topic. */
export type SpillRecord = { topic: string; partition: number | null; key: string | null; value: Buffer }

/*
 * A frame: length of the payload (4 bytes) | CRC-32 of the payload (4) | payload.
 * A payload: version (1) | topic | partition (4, -1 = by key) | key (length -1 = none) | value, each text and the value
 * after its length in 4 bytes. All numbers big-endian.
 */
const HEADER_BYTES = 8
const VERSION = 1
const NONE = -1
/** Above what one record may have; a larger length is not a length. */
const PAYLOAD_BYTES_MAX = 8 * 1024 * 1024

export function frameFromRecord(record: SpillRecord): Buffer {
  const topic = Buffer.from(record.topic)
  const key = record.key === null ? null : Buffer.from(record.key)
  const size = 1 + 4 + topic.length + 4 + 4 + (key?.length ?? 0) + 4 + record.value.length
  const frame = Buffer.allocUnsafe(HEADER_BYTES + size)
  let at = frame.writeUInt8(VERSION, HEADER_BYTES)
  at = frame.writeInt32BE(topic.length, at)
  at += topic.copy(frame, at)
  at = frame.writeInt32BE(record.partition ?? NONE, at)
  at = frame.writeInt32BE(key?.length ?? NONE, at)
  if (key !== null) at += key.copy(frame, at)
  at = frame.writeInt32BE(record.value.length, at)
  record.value.copy(frame, at)
  frame.writeUInt32BE(size, 0)
  frame.writeUInt32BE(crc32(frame.subarray(HEADER_BYTES)), 4)
  return frame
}

export type ReadFrames = { records: SpillRecord[] /** Where the first frame that is not whole begins. */; goodBytes: number }

/** The records up to the first frame that is cut or altered. What was acknowledged stands before it, since it was synced. */
export function recordsFromFrames(bytes: Buffer): ReadFrames {
  const records: SpillRecord[] = []
  let at = 0
  for (;;) {
    const record = recordAt(bytes, at)
    if (record === null) return { records, goodBytes: at }
    records.push(record)
    at += HEADER_BYTES + bytes.readUInt32BE(at)
  }
}

function recordAt(bytes: Buffer, at: number): SpillRecord | null {
  if (at + HEADER_BYTES > bytes.length) return null
  const size = bytes.readUInt32BE(at)
  const end = at + HEADER_BYTES + size
  if (size === 0 || size > PAYLOAD_BYTES_MAX || end > bytes.length) return null
  const payload = bytes.subarray(at + HEADER_BYTES, end)
  return crc32(payload) === bytes.readUInt32BE(at + 4) ? recordFromPayload(payload) : null
}

function recordFromPayload(payload: Buffer): SpillRecord | null {
  if (payload[0] !== VERSION) return null
  const topicEnd = 5 + payload.readInt32BE(1)
  const topic = payload.toString('utf8', 5, topicEnd)
  const partition = payload.readInt32BE(topicEnd)
  const keyBytes = payload.readInt32BE(topicEnd + 4)
  const keyStart = topicEnd + 8
  const keyEnd = keyStart + Math.max(0, keyBytes)
  const key = keyBytes === NONE ? null : payload.toString('utf8', keyStart, keyEnd)
  const value = payload.subarray(keyEnd + 4, keyEnd + 4 + payload.readInt32BE(keyEnd))
  return { topic, partition: partition === NONE ? null : partition, key, value }
}
