/**
 * Formats whose pieces can be joined: they have neither a head nor a foot. In every other format each piece that the
 * engine gives would be a whole document, so those results are collected first.
 */
const JOINABLE = new Set([
  'JSONEachRow',
  'JSONCompactEachRow',
  'JSONStringsEachRow',
  'JSONCompactStringsEachRow',
  'JSONLines',
  'NDJSON',
  'TabSeparated',
  'TSV',
  'TabSeparatedRaw',
  'TSVRaw',
  'CSV',
  'RowBinary',
  'Native',
  'LineAsString',
  'RawBLOB',
])

export const FORMAT_DEFAULT = 'TabSeparated'

export function isJoinable(format: string): boolean {
  return JOINABLE.has(format)
}

export function contentTypeOf(format: string): string {
  if (/^JSON(EachRow|Lines|CompactEachRow|StringsEachRow)|^NDJSON/.test(format)) return 'application/x-ndjson; charset=UTF-8'
  if (format.startsWith('JSON')) return 'application/json; charset=UTF-8'
  if (/^(TabSeparated|TSV)/.test(format)) return 'text/tab-separated-values; charset=UTF-8'
  if (format.startsWith('CSV')) return 'text/csv; charset=UTF-8; header=absent'
  return /^(Pretty|Vertical|Values|Line)/.test(format) ? 'text/plain; charset=UTF-8' : 'application/octet-stream'
}
