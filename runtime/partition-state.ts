import type { Redis } from 'ioredis'
import type { Names } from './names.ts'

/** How far a partition's state is, as stored beside it. */
export type Progress = {
  /** Offset of the last input whose effects are in the state; -1 when none is. */
  applied: number
  /** The largest record time seen, ms. */
  logTimeMs: number
  /** The largest (source offset, index) read; null when the input carries none or nothing was read. */
  source: { sourceOffset: number; index: number } | null
  /** Own output that is folded into the state, as the next offset of the output partition. */
  outputOffset: number
}

export type Claim = Progress & { epoch: number; known: boolean; nextDueMs: number | null }
export type Due = { key: string; atMs: number }
export type Loaded = { docs: Map<string, string | null>; due: Due[] }
export type Changes = { docs: Map<string, string | null>; due: Map<string, number | null> }

/** `lost`: Redis was wiped or rolled back, the owner rebuilds. `fenced`: somebody else owns the partition, this is a zombie. */
export class StateError extends Error {
  readonly code: 'lost' | 'fenced'
  constructor(code: StateError['code'], message: string) {
    super(message)
    this.name = 'StateError'
    this.code = code
  }
}

/**
 * The working state of one partition of one processor: documents and deadlines in one hash slot, with the offset up to
 * which they hold. Every read and every write first compares the epoch and that offset, so that nobody thinks with, or
 * writes over, a state that is not the one he left.
 */
export type PartitionState = {
  /** Takes the partition over: raises the epoch, so that whoever held it before can no longer write. */
  claim(nowMs: number): Promise<Claim>
  /** The documents, and the deadlines up to `dueUntilMs` with their documents. @throws StateError */
  load(expected: Claimed, keys: Iterable<string>, dueUntilMs: number): Promise<Loaded>
  /** Writes all changes and the new progress, or nothing. Answers the earliest deadline left. @throws StateError */
  apply(expected: Claimed, changes: Changes, progress: Progress): Promise<number | null>
}

export type Claimed = { epoch: number; applied: number }

const CLAIM = `
local stored = tonumber(redis.call('HGET', KEYS[1], 'epoch') or '0')
local epoch = math.max(stored + 1, tonumber(ARGV[1]))
local known = redis.call('HEXISTS', KEYS[1], 'applied')
if known == 0 then redis.call('DEL', KEYS[2]) end
redis.call('HSET', KEYS[1], 'epoch', string.format('%.0f', epoch))
if known == 0 then redis.call('HSET', KEYS[1], 'applied', '-1') end
local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
return {string.format('%.0f', epoch), known, redis.call('HMGET', KEYS[1], 'applied', 'log_time', 'source_offset', 'source_index', 'output'), first[2]}
`

// The guard that both scripts begin with. A stored epoch below ours means that Redis came back with an older state.
const GUARD = `
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'applied')
if not meta[1] or tonumber(meta[1]) < tonumber(ARGV[1]) then return redis.error_reply('STATE_LOST') end
if tonumber(meta[1]) > tonumber(ARGV[1]) then return redis.error_reply('STATE_FENCED') end
if meta[2] ~= ARGV[2] then return redis.error_reply('STATE_LOST') end
`

const LOAD = `${GUARD}
local docs = {}
for i = 5, #ARGV do docs[#docs + 1] = redis.call('GET', ARGV[4] .. ARGV[i]) end
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[3], 'WITHSCORES')
local dueDocs = {}
for i = 1, #due, 2 do dueDocs[#dueDocs + 1] = redis.call('GET', ARGV[4] .. due[i]) end
return {docs, due, dueDocs}
`

const APPLY = `${GUARD}
redis.call('HSET', KEYS[1], 'applied', ARGV[3], 'log_time', ARGV[4], 'output', ARGV[5])
if ARGV[6] ~= '' then redis.call('HSET', KEYS[1], 'source_offset', ARGV[6], 'source_index', ARGV[7]) end
local prefix = ARGV[8]
local at = 10
for _ = 1, tonumber(ARGV[9]) do
  if ARGV[at] == 'set' then redis.call('SET', prefix .. ARGV[at + 1], ARGV[at + 2])
  elseif ARGV[at] == 'del' then redis.call('DEL', prefix .. ARGV[at + 1])
  elseif ARGV[at] == 'due' then redis.call('ZADD', KEYS[2], ARGV[at + 2], ARGV[at + 1])
  else redis.call('ZREM', KEYS[2], ARGV[at + 1]) end
  at = at + 3
end
return redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
`

/** @param processor names the state: several processors keep theirs in the same slot `{p<n>}` */
export function createPartitionState(redis: Redis, names: Names, processor: string, partition: number): PartitionState {
  const base = names.redis(`{p${partition}}:${processor}`)
  const meta = `${base}:meta`
  const due = `${base}:due`
  const docPrefix = `${base}:d:`

  return {
    async claim(nowMs) {
      const [epoch, known, fields, firstDue] = (await redis.eval(CLAIM, 2, meta, due, nowMs)) as ClaimReply
      const [applied, logTime, sourceOffset, sourceIndex, output] = fields
      return {
        epoch: Number(epoch),
        known: known === 1,
        applied: Number(applied ?? -1),
        logTimeMs: Number(logTime ?? 0),
        source: sourceOffset == null ? null : { sourceOffset: Number(sourceOffset), index: Number(sourceIndex ?? 0) },
        outputOffset: Number(output ?? 0),
        nextDueMs: firstDue == null ? null : Number(firstDue),
      }
    },

    async load(expected, keys, dueUntilMs) {
      const list = [...new Set(keys)]
      const reply = (await guarded(redis.eval(LOAD, 2, meta, due, expected.epoch, expected.applied, dueUntilMs, docPrefix, ...list))) as LoadReply
      const docs = new Map<string, string | null>()
      for (const [i, key] of list.entries()) docs.set(key, reply[0][i] ?? null)
      const dueList: Due[] = []
      for (let i = 0; i < reply[1].length; i += 2) {
        const key = reply[1][i] as string
        dueList.push({ key, atMs: Number(reply[1][i + 1]) })
        docs.set(key, reply[2][i / 2] ?? null)
      }
      return { docs, due: dueList }
    },

    async apply(expected, changes, progress) {
      const steps: (string | number)[] = []
      for (const [key, doc] of changes.docs) steps.push(doc === null ? 'del' : 'set', key, doc ?? '')
      for (const [key, atMs] of changes.due) steps.push(atMs === null ? 'undue' : 'due', key, atMs ?? '')
      const source = progress.source
      const reply = await guarded(
        redis.eval(
          APPLY,
          2,
          meta,
          due,
          expected.epoch,
          expected.applied,
          progress.applied,
          progress.logTimeMs,
          progress.outputOffset,
          source?.sourceOffset ?? '',
          source?.index ?? '',
          docPrefix,
          steps.length / 3,
          ...steps,
        ),
      )
      return reply == null ? null : Number(reply)
    },
  }
}

type ClaimReply = [string, number, (string | null)[], string | null | undefined]
type LoadReply = [(string | null)[], string[], (string | null)[]]

async function guarded(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply
  } catch (error) {
    const text = error instanceof Error ? error.message : ''
    if (text.includes('STATE_LOST')) throw new StateError('lost', 'the stored state is not the one that was left')
    if (text.includes('STATE_FENCED')) throw new StateError('fenced', 'another process has taken the partition over')
    throw error
  }
}
