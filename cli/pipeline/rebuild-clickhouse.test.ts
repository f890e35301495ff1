import { expect, it } from 'vitest'
import { tablesToEmpty } from './rebuild-clickhouse.ts'

it('empties the tables that the log can fill again, and no table that it does not know', () => {
  expect(tablesToEmpty(['clicks', 'events', 'migrations', 'somebody_elses'], new Set())).toEqual({ empty: ['clicks', 'events'], keep: [] })
})

it('keeps a table when the log no longer has the beginning of a topic that fills it', () => {
  expect(tablesToEmpty(['clicks', 'events', 'verdicts'], new Set(['clicks', 'click-verdicts']))).toEqual({ empty: ['events'], keep: ['clicks', 'verdicts'] })
})
