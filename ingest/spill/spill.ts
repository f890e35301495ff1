import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { recoverSegments, type Segment, segmentName, syncFolder } from './segment-files.ts'
import { SpillError } from './spill-error.ts'
import { frameFromRecord, recordsFromFrames, type SpillRecord } from './spill-frame.ts'

export type { SpillRecord } from './spill-frame.ts'

/** Clicks may fill a part of the room only, so that a flood of them never takes the place of money. */
export type SpillShare = 'money' | 'clicks'

/** Records on disk, for as long as the log cannot be reached. It keeps records, not their order between appends. */
export type Spill = {
  /** Resolves when the records are synced to disk; rejects with SpillError when they are not kept. */
  append(records: readonly SpillRecord[], share: SpillShare): Promise<void>
  /** The oldest segment in whole, after which nothing is added to it; null when there is none. */
  oldest(): Promise<{ segment: Segment; records: SpillRecord[] } | null>
  /** Forgets a segment whose records are all in the log. */
  remove(segment: Segment): Promise<void>
  hasRoom(): boolean
  state(): { bytes: number; records: number; oldestAtMs: number | null }
  /** Bytes behind the last whole record that a former process left. */
  cutBytes: number
  close(): Promise<void>
}

export type SpillOptions = { dir: string; maxBytes?: number; segmentBytes?: number; now: () => number }

const SPILL_BYTES_MAX = 256 * 1024 * 1024
const SEGMENT_BYTES_MAX = 8 * 1024 * 1024
const CLICKS_SHARE = 0.5
/** After the disk refused, nobody asks it again for so long. */
const DISK_REST_MS = 500

type Waiter = { frames: Buffer[]; count: number; bytes: number; resolve: () => void; reject: (error: SpillError) => void }
type Active = { segment: Segment; file: FileHandle }

export async function createSpill(options: SpillOptions): Promise<Spill> {
  const { dir, now } = options
  const maxBytes = options.maxBytes ?? SPILL_BYTES_MAX
  const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES_MAX
  const { segments, cutBytes } = await recoverSegments(dir)
  let sequence = segments.at(-1)?.sequence ?? 0
  let active: Active | null = null
  let waiting: Waiter[] = []
  let waitingBytes = 0
  let writing: Promise<void> | null = null
  let diskRestsUntilMs = 0
  let closed = false
  /** Who waits for the active segment to be ended; the writer does it between two groups, also under endless load. */
  const sealWaiters: (() => void)[] = []

  const keptBytes = () => segments.reduce((sum, segment) => sum + segment.bytes, 0)

  function append(records: readonly SpillRecord[], share: SpillShare): Promise<void> {
    if (records.length === 0) return Promise.resolve()
    if (closed) return Promise.reject(new SpillError('closed', 'the spill is closed'))
    if (now() < diskRestsUntilMs) return Promise.reject(new SpillError('disk', 'the disk refused a moment ago'))
    const frames = records.map(frameFromRecord)
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0)
    const room = (share === 'clicks' ? maxBytes * CLICKS_SHARE : maxBytes) - keptBytes() - waitingBytes
    if (bytes > room) return Promise.reject(new SpillError('full', `the spill has reached its bound of ${maxBytes} bytes`))
    waitingBytes += bytes
    return new Promise((resolve, reject) => {
      waiting.push({ frames, count: records.length, bytes, resolve, reject })
      writing ??= writeAll()
    })
  }

  /** Those who come while a sync runs share the next one. */
  async function writeAll(): Promise<void> {
    while (waiting.length > 0 || sealWaiters.length > 0) {
      const group = waiting
      waiting = []
      const error = group.length === 0 ? null : await writeGroup(group)
      for (const waiter of group) {
        waitingBytes -= waiter.bytes
        if (error === null) waiter.resolve()
        else waiter.reject(error)
      }
      await sealForWaiters()
    }
    writing = null
  }

  async function sealForWaiters(): Promise<void> {
    if (sealWaiters.length === 0) return
    await seal()
    for (const resolve of sealWaiters.splice(0)) resolve()
  }

  async function writeGroup(group: Waiter[]): Promise<SpillError | null> {
    const frames = group.flatMap((waiter) => waiter.frames)
    const bytes = group.reduce((sum, waiter) => sum + waiter.bytes, 0)
    try {
      if (active === null) {
        active = await begin()
        await syncFolder(dir)
      }
      await writeFully(active.file, Buffer.concat(frames), active.segment.bytes)
      await active.file.datasync()
      active.segment.bytes += bytes
      active.segment.records += group.reduce((sum, waiter) => sum + waiter.count, 0)
      if (active.segment.bytes >= segmentBytes) await seal()
      return null
    } catch (cause) {
      diskRestsUntilMs = now() + DISK_REST_MS
      await abandonTail()
      return new SpillError('disk', 'the spill could not be written', { cause })
    }
  }

  async function begin(): Promise<Active> {
    sequence += 1
    const startedAtMs = now()
    const path = join(dir, segmentName(sequence, startedAtMs))
    const file = await open(path, 'wx')
    const segment = { path, sequence, startedAtMs, bytes: 0, records: 0 }
    segments.push(segment)
    return { segment, file }
  }

  /** A half-written group must not stand before later ones: a reader stops at the first frame that is not whole. */
  async function abandonTail(): Promise<void> {
    const broken = active
    active = null
    if (broken === null) return
    await broken.file.truncate(broken.segment.bytes).catch(() => {})
    await broken.file.close().catch(() => {})
  }

  async function seal(): Promise<void> {
    const sealed = active
    active = null
    await sealed?.file.close()
  }

  async function oldest() {
    const [segment] = segments
    if (segment === undefined) return null
    if (active?.segment === segment) {
      if (writing === null) await seal()
      else await new Promise<void>((resolve) => sealWaiters.push(resolve))
    }
    const { records } = recordsFromFrames(await readFile(segment.path))
    return { segment, records }
  }

  async function remove(segment: Segment): Promise<void> {
    await rm(segment.path, { force: true })
    const at = segments.indexOf(segment)
    if (at >= 0) segments.splice(at, 1)
  }

  return {
    append,
    oldest,
    remove,
    hasRoom: () => !closed && now() >= diskRestsUntilMs && keptBytes() + waitingBytes < maxBytes,
    state: () => ({
      bytes: keptBytes(),
      records: segments.reduce((sum, segment) => sum + segment.records, 0),
      oldestAtMs: segments[0]?.startedAtMs ?? null,
    }),
    cutBytes,
    async close() {
      closed = true
      await writing
      await seal()
    },
  }
}

async function writeFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
