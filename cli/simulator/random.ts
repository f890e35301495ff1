/** A seeded source of chance: the same seed and stream give the same numbers on every machine. */
export type Random = {
  /** 0 <= x < 1 */
  next(): number
  /** A whole number, both ends included. */
  integer(min: number, max: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** A waiting time with this mean. */
  exponential(mean: number): number
  /** Log-normal by its median and the spread of its logarithm. */
  logNormal(median: number, sigma: number): number
}

/** Streams of one seed are independent, so a change in one part of the traffic leaves the others as they were. */
export function createRandom(seed: number, stream: string): Random {
  const next = sfc32(seed, stream)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return {
    next,
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[Math.floor(next() * items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
    exponential: (mean) => -mean * Math.log(1 - next()),
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
  }
}

/** Picks items by rank: the first most often, the n-th with weight n^-exponent. */
export function createZipf<T>(items: readonly T[], exponent: number): (random: Random) => T {
  const bounds: number[] = []
  let sum = 0
  for (let rank = 1; rank <= items.length; rank++) {
    sum += rank ** -exponent
    bounds.push(sum)
  }
  return (random) => {
    const point = random.next() * sum
    let low = 0
    let high = bounds.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((bounds[middle] ?? 0) <= point) low = middle + 1
      else high = middle
    }
    const item = items[low]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
}

const WARM_UP_ROUNDS = 16

/** Small fast counting generator (Chris Doty-Humphrey, public domain), state filled from the seed and the stream's name. */
function sfc32(seed: number, stream: string): () => number {
  let a = mix(seed >>> 0, 0x9e3779b9)
  let b = mix(Math.floor(seed / 2 ** 32) >>> 0, 0x243f6a88)
  let c = 0xb7e15162
  for (let i = 0; i < stream.length; i++) c = mix(c ^ stream.charCodeAt(i), 0x85ebca6b)
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  for (let round = 0; round < WARM_UP_ROUNDS; round++) next()
  return next
}

function mix(value: number, salt: number): number {
  let mixed = Math.imul(value ^ salt, 0xcc9e2d51)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x1b873593)
  return (mixed ^ (mixed >>> 13)) | 0
}
