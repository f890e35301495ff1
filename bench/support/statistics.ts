/** Smallest, middle and largest of some values, as every table here shows them. */
export type Spread = { min: number; median: number; max: number }

/** The value below which `share` of all lie (nearest rank); NaN of nothing. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN
  const rank = Math.ceil(share * sorted.length)
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { min: Number.NaN, median: Number.NaN, max: Number.NaN }
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) }
}

/** Ratio of each round of `ours` to the round of `theirs` that ran beside it: what the machine did to both cancels out. */
export function ratioSpread(ours: readonly number[], theirs: readonly number[]): Spread {
  if (ours.length !== theirs.length) throw new Error(`${ours.length} rounds cannot be compared with ${theirs.length}`)
  return spreadOf(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)))
}

/** Least squares: how much `y` grows per unit of `x`; NaN of fewer than two different points. */
export function slopeOf(points: readonly { x: number; y: number }[]): number {
  const n = points.length
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / n
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / n
  const covariance = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0)
  const variance = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0)
  return variance === 0 ? Number.NaN : covariance / variance
}
