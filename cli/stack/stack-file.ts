import { type DataFolder, readJson, removeFile, writeJson } from './data-folder.ts'

/** What the running stack tells other programs about itself. */
export type StackFile = {
  kafka_brokers: string
  redis_url: string
  clickhouse_url: string
  ingest_url: string
  console_url: string
  /** Of each part that was started here: the process that does the work. */
  pids: Record<string, number>
  /** When each of these processes started. */
  started_at: Record<string, string>
}

export function writeStackFile(data: DataFolder, file: StackFile): void {
  writeJson(data.stackFile, file)
}

export function removeStackFile(data: DataFolder): void {
  removeFile(data.stackFile)
}

/** Null when no stack has written one. */
export function readStackFile(data: DataFolder): StackFile | null {
  const file = readJson(data.stackFile)
  return typeof file.ingest_url === 'string' ? (file as unknown as StackFile) : null
}
