import { readFileSync } from 'node:fs'

/** What Linux counts in; the same on every system that runs this. */
const TICKS_PER_SECOND = 100
const UTIME = 11
const STIME = 12

/** CPU time of a process with all its threads, in microseconds; null when it is gone. */
export function cpuMicros(pid: number): number | null {
  const text = readOrNull(`/proc/${pid}/stat`)
  if (text === null) return null
  // The name of the program is in parentheses and may hold anything; the numbers begin after it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_SECOND) * 1e6
}

/** Memory of a process that is in RAM, in bytes; null when it is gone. */
export function rssBytes(pid: number): number | null {
  const kilobytes = /^VmRSS:\s+([0-9]+) kB$/m.exec(readOrNull(`/proc/${pid}/status`) ?? '')?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // A process may end between two looks: ESRCH while its file is being read, ENOENT afterwards.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
