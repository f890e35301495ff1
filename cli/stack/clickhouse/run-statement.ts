import type { Answer } from './answer.ts'
import type { Session } from './engine.ts'
import { isJoinable } from './formats.ts'
import { literal } from './literal.ts'
import type { SpooledFile } from './spool.ts'
import type { Statement } from './statement.ts'

/** A query that fails after its first rows still answers with a status, when it fails within these bytes. */
const HELD_BYTES_MAX = 1024 * 1024

type Select = Extract<Statement, { kind: 'select' }>
type Insert = Extract<Statement, { kind: 'insert' }>

export async function runSelect(session: Session, statement: Select, format: string, answer: Answer, isGone: () => boolean): Promise<void> {
  if (!isJoinable(format)) return runWhole(session, statement.sql, format, answer)
  let held: Uint8Array[] | null = []
  let heldBytes = 0
  const release = async () => {
    const pieces = held ?? []
    held = null
    for (const piece of pieces) await answer.write(piece)
  }
  for await (const chunk of session.queryStream(statement.sql, { format })) {
    if (isGone()) return
    if (held === null) {
      await answer.write(chunk.raw())
      continue
    }
    held.push(chunk.raw())
    heldBytes += chunk.numBytes
    if (heldBytes > HELD_BYTES_MAX) await release()
  }
  await release()
  answer.end()
}

/** Everything but a streamed SELECT: DDL, SHOW, INSERT SELECT, and formats that come as one document. */
export async function runWhole(session: Session, sql: string, format: string, answer: Answer): Promise<void> {
  const result = await session.queryAsync(sql, { format })
  const bytes = result.bytes()
  if (bytes.length > 0) await answer.write(bytes)
  answer.end({ readRows: result.rowsRead, readBytes: result.bytesRead, writtenRows: 0, writtenBytes: 0, elapsedSeconds: result.elapsed })
}

/** The data comes from the file, whatever is in it: blank lines, quotes, zeros. */
export async function runInsert(session: Session, statement: Insert, file: SpooledFile, answer: Answer): Promise<void> {
  if (file.bytes === 0) return answer.end(summaryOfInsert(0, 0, 0))
  const sql = `${statement.head} FROM INFILE ${literal(file.path)} COMPRESSION 'none' ${statement.tail} FORMAT ${statement.format}`
  const result = await session.queryAsync(sql, { format: 'TabSeparated' })
  answer.end(summaryOfInsert(result.rowsRead, file.bytes, result.elapsed))
}

function summaryOfInsert(rows: number, bytes: number, elapsedSeconds: number) {
  return { readRows: rows, readBytes: bytes, writtenRows: rows, writtenBytes: bytes, elapsedSeconds }
}
