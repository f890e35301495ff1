/**
 * The scripts behind the windows. Keys of a slot, after its prefix:
 *   meta          hash: o<p> next offset of clicks partition p, s<p> log time from which p is complete,
 *                 x<p> = 1 when the external ids of scored-events partition p are in, g a token of this life of the slot
 *   ip:<ip>:<h>   sorted set: clicks of an IP in hour h of event time, short click id by time
 *   ov:<ip>:<h>   hash: clicks beyond the exact ones, by minute
 *   w:<ip>        hash: settled events to be told when more clicks come: event id -> "partition at window limit"
 *   out           hash: events to be told, until a tick has told them: event id -> partition
 *   x:<id>        hash: players of an external id: player -> "partition|event id|time"
 */

/** Event time that one key covers. */
export const BUCKET_MS = 3_600_000

const COMMON = `
local B = ${BUCKET_MS}
local function bucketOf(t) return math.floor(t / B) end
local function ipKey(prefix, ip, b) return prefix .. 'ip:' .. ip .. ':' .. string.format('%.0f', b) end
local function overKey(prefix, ip, b) return prefix .. 'ov:' .. ip .. ':' .. string.format('%.0f', b) end
local function keepFor(key, ttl)
  local left = redis.call('PTTL', key)
  if left ~= -2 and left < ttl then redis.call('PEXPIRE', key, ttl) end
end
local function sizeOf(prefix, ip, b)
  local size = redis.call('ZCARD', ipKey(prefix, ip, b))
  if size == 0 then return 0 end
  for _, n in ipairs(redis.call('HVALS', overKey(prefix, ip, b))) do size = size + tonumber(n) end
  return size
end
local function sizeAround(prefix, ip, t, window)
  local sum = 0
  for b = bucketOf(t - window), bucketOf(t + window) do sum = sum + sizeOf(prefix, ip, b) end
  return sum
end
`

/**
 * Adds a batch of clicks to one slot, in any order of event time. A click below the stored offset of its partition has
 * been added before; its count is answered again, so that whoever lost the first answer can go on.
 * ARGV: prefix, exact clicks per key, ttl, long ttl, number of partitions, then per partition (partition, first offset,
 * next offset), then per click (partition, offset, ip, time, short id, window, limit). Answers {counts, since, out}.
 */
export const ADD_CLICKS = `${COMMON}
local prefix, exact, ttl, longTtl, parts = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local stored, at = {}, 6
for _ = 1, parts do
  local next = redis.call('HGET', KEYS[1], 'o' .. ARGV[at])
  if not next or tonumber(next) < tonumber(ARGV[at + 1]) then return redis.error_reply('WINDOWS_LOST partition ' .. ARGV[at]) end
  stored[ARGV[at]] = tonumber(next)
  at = at + 3
end
local clicksAt = at
at = 6
for _ = 1, parts do
  if tonumber(ARGV[at + 2]) > stored[ARGV[at]] then redis.call('HSET', KEYS[1], 'o' .. ARGV[at], ARGV[at + 2]) end
  at = at + 3
end

local function add(ip, t, id)
  local b = bucketOf(t)
  local key = ipKey(prefix, ip, b)
  if redis.call('ZSCORE', key, id) then return false end
  if redis.call('ZCARD', key) < exact then redis.call('ZADD', key, t, id)
  else redis.call('HINCRBY', overKey(prefix, ip, b), string.format('%.0f', math.floor(t / 60000)), 1) end
  return true
end

-- What passes its limit is kept for as long as a registration may still come from it; the rest is forgotten soon.
local function refresh(ip, t, window, limit)
  local b, reach = bucketOf(t), math.ceil(window / B)
  local back, ahead = 0, 0
  for i = b - reach, b do back = back + sizeOf(prefix, ip, i) end
  for i = b, b + reach do ahead = ahead + sizeOf(prefix, ip, i) end
  if back > limit or ahead > limit then
    for i = b - reach, b + reach do
      keepFor(ipKey(prefix, ip, i), longTtl)
      keepFor(overKey(prefix, ip, i), longTtl)
    end
  else
    keepFor(ipKey(prefix, ip, b), ttl)
    keepFor(overKey(prefix, ip, b), ttl)
  end
end

local function tell(ip, t)
  local key = prefix .. 'w:' .. ip
  if redis.call('EXISTS', key) == 0 then return end
  local watchers = redis.call('HGETALL', key)
  for i = 1, #watchers, 2 do
    local partition, watchedAt, window, limit = string.match(watchers[i + 1], '^(%d+) (%d+) (%d+) (%d+)$')
    window = tonumber(window)
    if math.abs(t - tonumber(watchedAt)) < window and sizeAround(prefix, ip, tonumber(watchedAt), window) > tonumber(limit) then
      redis.call('HSET', KEYS[2], watchers[i], partition)
      redis.call('HDEL', key, watchers[i])
    end
  end
end

-- Clicks of (t - window, t].
local function countUntil(ip, t, window)
  local count = 0
  for b = bucketOf(t - window), bucketOf(t) do
    local key = ipKey(prefix, ip, b)
    count = count + redis.call('ZCOUNT', key, '(' .. string.format('%.0f', t - window), string.format('%.0f', t))
    if redis.call('ZCARD', key) >= exact then
      local over = redis.call('HGETALL', overKey(prefix, ip, b))
      for i = 1, #over, 2 do
        local minute = tonumber(over[i]) * 60000
        if minute > t - window - 60000 and minute <= t then count = count + tonumber(over[i + 1]) end
      end
    end
  end
  return count
end

-- All are in before the first is counted: within a batch the order of arrival does not matter.
for i = clicksAt, #ARGV, 7 do
  local ip, t = ARGV[i + 2], tonumber(ARGV[i + 3])
  if tonumber(ARGV[i + 1]) >= stored[ARGV[i]] and add(ip, t, ARGV[i + 4]) then
    refresh(ip, t, tonumber(ARGV[i + 5]), tonumber(ARGV[i + 6]))
    tell(ip, t)
  end
end
local counts = {}
for i = clicksAt, #ARGV, 7 do
  counts[#counts + 1] = countUntil(ARGV[i + 2], tonumber(ARGV[i + 3]), tonumber(ARGV[i + 5]))
end
return {counts, redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2])}
`

/** The times around a click: ARGV prefix, ip, time, window. Answers {meta, {time, ...}, {minute, clicks, ...}, size}. */
export const READ_IP = `${COMMON}
local prefix, ip, t, window = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local times, over = {}, {}
for b = bucketOf(t - window), bucketOf(t + window) do
  local found = redis.call('ZRANGEBYSCORE', ipKey(prefix, ip, b), '(' .. string.format('%.0f', t - window), '(' .. string.format('%.0f', t + window), 'WITHSCORES')
  for i = 2, #found, 2 do times[#times + 1] = found[i] end
  for _, value in ipairs(redis.call('HGETALL', overKey(prefix, ip, b))) do over[#over + 1] = value end
end
return {redis.call('HGETALL', KEYS[1]), times, over, sizeAround(prefix, ip, t, window)}
`

/**
 * Asks to be told when the IP gets more clicks than the limit allows. When it got some since it was read, it is told
 * at once. ARGV: prefix, ip, event id, partition, time, window, limit, size seen, ttl.
 */
export const WATCH_IP = `${COMMON}
local prefix, ip, id, partition, t, window, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local size = sizeAround(prefix, ip, t, window)
if size > tonumber(ARGV[8]) and size > limit then
  redis.call('HSET', KEYS[2], id, partition)
else
  local key = prefix .. 'w:' .. ip
  redis.call('HSET', key, id, string.format('%s %.0f %.0f %.0f', partition, t, window, limit))
  keepFor(key, tonumber(ARGV[9]))
end
return 1
`

/** Adds a player to an external id and answers {meta, players}. ARGV: prefix, id, player, what to keep, most players, ttl. */
export const USE_EXTERNAL_ID = `
local key = ARGV[1] .. 'x:' .. ARGV[2]
if redis.call('HLEN', key) < tonumber(ARGV[5]) then redis.call('HSETNX', key, ARGV[3], ARGV[4]) end
redis.call('PEXPIRE', key, ARGV[6])
return {redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', key)}
`

/**
 * Where a partition starts when the slot knows nothing of it, or knows only what retention has removed since.
 * ARGV: partition, next offset, complete since, first offset in the log.
 */
export const BEGIN_CLICKS = `
local stored = redis.call('HGET', KEYS[1], 'o' .. ARGV[1])
if not stored or tonumber(stored) < tonumber(ARGV[4]) then
  redis.call('HSET', KEYS[1], 'o' .. ARGV[1], ARGV[2], 's' .. ARGV[1], ARGV[3])
  return ARGV[2]
end
return stored
`

/** Names this life of a slot: a wipe in between shows as another token. ARGV: token. */
export const BEGIN_LIFE = `
redis.call('HSETNX', KEYS[1], 'g', ARGV[1])
return redis.call('HGET', KEYS[1], 'g')
`

/** Says that a partition's external ids are in, unless the slot was wiped meanwhile. ARGV: token, partition. */
export const END_EXTERNAL_IDS = `
if redis.call('HGET', KEYS[1], 'g') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'x' .. ARGV[2], '1')
return 1
`

/** Strikes off what was told. ARGV: event ids. */
export const TOLD = `
for _, id in ipairs(ARGV) do redis.call('HDEL', KEYS[1], id) end
return 1
`
