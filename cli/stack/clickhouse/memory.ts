import { totalmem } from 'node:os'

const SHARE = 0.4
const BYTES_MIN = 1024 ** 3
const BYTES_MAX = 4 * 1024 ** 3

/** What the engine may allocate: a part of the machine, since Kafka and everything else runs on it too. */
export function availableMemoryBytes(): number {
  return Math.round(Math.min(BYTES_MAX, Math.max(BYTES_MIN, totalmem() * SHARE)))
}
