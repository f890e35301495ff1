/**
 * Labelled points between the steps of a guarantee. In production they do nothing. A chaos test names one of them,
 * with the visit at which the process is to die, and the process kills itself there as kill -9 would.
 */
export type Probe = (point: ProbePoint) => void

export type ProbePoint =
  | 'after_load'
  | 'after_produce'
  | 'after_apply'
  | 'before_plan'
  | 'after_plan'
  | 'before_insert'
  | 'after_insert'
  | 'before_commit'
  | 'after_commit'

export const noProbe: Probe = () => {}

/**
 * @param text `point:visit`, such as `after_produce:3`; undefined never fires
 * @param onFire told the point before the process dies, to log it
 */
export function probeFromText(text: string | undefined, onFire: (point: string) => void): Probe {
  if (text === undefined || text === '') return noProbe
  const [wanted, visit = '1'] = text.split(':')
  let left = Number(visit)
  return (point) => {
    if (point !== wanted || --left > 0) return
    onFire(point)
    process.kill(process.pid, 'SIGKILL')
  }
}
