import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { frameFromRecord, recordsFromFrames } from './spill-frame.ts'
import { createSpill as createSpillIn, type Spill, type SpillOptions, type SpillRecord } from './spill.ts'

let dir: string
const opened: Spill[] = []
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tributary-spill-'))
})
afterEach(async () => {
  for (const spill of opened.splice(0)) await spill.close()
  await rm(dir, { recursive: true })
})

async function createSpill(options: SpillOptions): Promise<Spill> {
  const spill = await createSpillIn(options)
  opened.push(spill)
  return spill
}

const record = (number: number, size = 20): SpillRecord => ({
  topic: 'player-events',
  partition: number % 2 === 0 ? null : number % 12,
  key: number % 3 === 0 ? null : `brand:${number}`,
  value: Buffer.alloc(size, number % 256),
})
const anyRecord = fc.record({
  topic: fc.string(),
  partition: fc.option(fc.nat(11)),
  key: fc.option(fc.string()),
  value: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
})

async function drained(spill: Spill): Promise<SpillRecord[]> {
  const records: SpillRecord[] = []
  for (let head = await spill.oldest(); head !== null; head = await spill.oldest()) {
    records.push(...head.records)
    await spill.remove(head.segment)
  }
  return records
}

describe('frames', () => {
  test('give back what was put in', () => {
    fc.assert(
      fc.property(fc.array(anyRecord), (records) => {
        const whole = records.map((value) => ({ ...value, topic: value.topic.toWellFormed(), key: value.key?.toWellFormed() ?? null }))
        const bytes = Buffer.concat(whole.map(frameFromRecord))
        expect(recordsFromFrames(bytes)).toEqual({ records: whole, goodBytes: bytes.length })
      }),
    )
  })

  test('cut at any byte give every record before the cut and nothing else', () => {
    const records = [record(1), record(2, 0), record(3, 5)]
    const frames = records.map(frameFromRecord)
    const bytes = Buffer.concat(frames)
    const ends = frames.map((_, index) => frames.slice(0, index + 1).reduce((sum, frame) => sum + frame.length, 0))
    for (let cut = 0; cut <= bytes.length; cut++) {
      const whole = ends.filter((end) => end <= cut).length
      expect(recordsFromFrames(bytes.subarray(0, cut))).toEqual({ records: records.slice(0, whole), goodBytes: ends[whole - 1] ?? 0 })
    }
  })

  test('with any bit flipped never give a record that was not put in', () => {
    const records = [record(1), record(2), record(3)]
    const bytes = Buffer.concat(records.map(frameFromRecord))
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = Buffer.from(bytes)
      altered[bit >> 3]! ^= 1 << (bit & 7)
      const { records: read } = recordsFromFrames(altered)
      expect(read).toEqual(records.slice(0, read.length))
      expect(read.length).toBeLessThan(3)
    }
  })
})

describe('the spill', () => {
  test('gives back after a restart what was appended, also from many at once', async () => {
    const spill = await createSpill({ dir, now: Date.now, segmentBytes: 2_000 })
    const records = Array.from({ length: 200 }, (_, number) => record(number))
    await Promise.all(records.map((one) => spill.append([one], 'money')))
    expect(spill.state()).toMatchObject({ records: 200 })
    const again = await createSpill({ dir, now: Date.now })
    expect(again.state()).toMatchObject({ records: 200, bytes: spill.state().bytes })
    const read = await drained(again)
    expect(new Set(read.map((one) => one.key ?? String(one.value[0])))).toEqual(new Set(records.map((one) => one.key ?? String(one.value[0]))))
    expect(read).toHaveLength(200)
    expect(await readdir(dir)).toEqual([])
  })

  test('cuts an unfinished tail at the start and keeps all that was whole', async () => {
    const spill = await createSpill({ dir, now: Date.now })
    await spill.append([record(1), record(2)], 'money')
    await spill.close()
    const [name = ''] = await readdir(dir)
    const bytes = await readFile(join(dir, name))
    await writeFile(join(dir, name), Buffer.concat([bytes, frameFromRecord(record(3)).subarray(0, 11)]))
    const again = await createSpill({ dir, now: Date.now })
    expect(again.cutBytes).toBe(11)
    await again.append([record(4)], 'money')
    expect(await drained(again)).toEqual([record(1), record(2), record(4)])
  })

  test('goes on taking records while the oldest are read', async () => {
    const spill = await createSpill({ dir, now: Date.now })
    let running = true
    let appended = 0
    const writer = (async () => {
      while (running) await spill.append([record(appended++)], 'money')
    })()
    let read = 0
    for (let round = 0; round < 5; round++) {
      const head = await spill.oldest()
      read += head?.records.length ?? 0
      if (head !== null) await spill.remove(head.segment)
    }
    running = false
    await writer
    read += (await drained(spill)).length
    expect(read).toBe(appended)
  })

  test('is bounded, and clicks may fill only half of it', async () => {
    const size = frameFromRecord(record(1, 1_000)).length
    const spill = await createSpill({ dir, now: Date.now, maxBytes: size * 10 })
    const fill = async (share: 'money' | 'clicks') => {
      for (let count = 0; ; count++) {
        const failure = await spill.append([record(1, 1_000)], share).then(
          () => null,
          (error: { code: string }) => error.code,
        )
        if (failure !== null) return [count, failure]
      }
    }
    expect(await fill('clicks')).toEqual([5, 'full'])
    expect(await fill('money')).toEqual([5, 'full'])
    expect(spill.hasRoom()).toBe(false)
    await drained(spill)
    expect(spill.hasRoom()).toBe(true)
    await spill.append([record(1)], 'clicks')
  })

  test('refuses when the disk does, and takes records again when the disk does', async () => {
    let nowMs = 1_000
    const spill = await createSpill({ dir, now: () => nowMs })
    await rm(dir, { recursive: true })
    await expect(spill.append([record(1)], 'money')).rejects.toMatchObject({ code: 'disk' })
    expect(spill.hasRoom()).toBe(false)
    await mkdir(dir)
    nowMs += 1_000
    await spill.append([record(2)], 'money')
    expect(await drained(spill)).toEqual([record(2)])
  })

  test('ignores files that are not its own', async () => {
    await (await open(join(dir, 'notes.txt'), 'w')).close()
    const spill = await createSpill({ dir, now: Date.now })
    expect(await spill.oldest()).toBeNull()
    expect(await readdir(dir)).toEqual(['notes.txt'])
  })
})
