import { mkdir, open, readdir, readFile, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { recordsFromFrames } from './spill-frame.ts'

/** One file of the spill. Its name tells its place in the order and when it was begun. */
export type Segment = { path: string; sequence: number; startedAtMs: number; bytes: number; records: number }

const NAME = /^spill-(\d{10})-(\d{13})\.log$/

export function segmentName(sequence: number, startedAtMs: number): string {
  return `spill-${String(sequence).padStart(10, '0')}-${String(startedAtMs).padStart(13, '0')}.log`
}

/** The segments that a former process left, oldest first, each cut behind its last whole record. */
export async function recoverSegments(dir: string): Promise<{ segments: Segment[]; cutBytes: number }> {
  await mkdir(dir, { recursive: true })
  const segments: Segment[] = []
  let cutBytes = 0
  for (const name of (await readdir(dir)).sort()) {
    const match = NAME.exec(name)
    if (match === null) continue
    const path = join(dir, name)
    const bytes = await readFile(path)
    const { records, goodBytes } = recordsFromFrames(bytes)
    cutBytes += bytes.length - goodBytes
    if (goodBytes < bytes.length) await truncate(path, goodBytes)
    if (records.length === 0) await rm(path)
    else segments.push({ path, sequence: Number(match[1]), startedAtMs: Number(match[2]), bytes: goodBytes, records: records.length })
  }
  return { segments, cutBytes }
}

/** Makes the names in a folder durable, as syncing a file does with its bytes. */
export async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
