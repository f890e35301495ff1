import { describe, expect, it } from 'vitest'
import { statementFromSql } from './statement.ts'

describe('a statement is told apart before the engine sees it', () => {
  it('a SELECT loses its format, which is given to the engine apart', () => {
    expect(statementFromSql('SELECT 1 FORMAT JSONEachRow')).toEqual({ kind: 'select', sql: 'SELECT 1 ', format: 'JSONEachRow' })
    expect(statementFromSql('WITH 1 AS x SELECT x;')).toEqual({ kind: 'select', sql: 'WITH 1 AS x SELECT x', format: null })
  })

  it('a format inside a string, a comment or a name in quotes is none', () => {
    for (const sql of ["SELECT 'a FORMAT JSON'", 'SELECT 1 -- FORMAT JSON', 'SELECT `FORMAT`, "x" /* FORMAT JSON */', "SELECT 'it\\'s; FORMAT JSON'"]) {
      expect(statementFromSql(sql)).toMatchObject({ kind: 'select', format: null })
    }
  })

  it('a second statement is refused, and a semicolon in a string or comment is none', () => {
    expect(statementFromSql('SELECT 1; DROP TABLE t')).toMatchObject({ kind: 'refused', code: 62 })
    expect(statementFromSql('CREATE TABLE t (a Int8) ENGINE = Memory; DROP TABLE t')).toMatchObject({ kind: 'refused', code: 62 })
    expect(statementFromSql('INSERT INTO t SELECT 1; DROP TABLE t')).toMatchObject({ kind: 'refused', code: 62 })
    expect(statementFromSql("SELECT ';' -- ; DROP TABLE t")).toMatchObject({ kind: 'select' })
  })

  it('the data of an INSERT is cut off, whatever is in it', () => {
    const sql = 'INSERT INTO t (a, b) FORMAT CSV\n1,"\n\nDROP TABLE t"\n'
    const found = statementFromSql(sql)
    expect(found).toMatchObject({ kind: 'insert', head: 'INSERT INTO t (a, b) ', tail: '', format: 'CSV' })
    expect(found.kind === 'insert' && sql.slice(found.dataStart)).toBe('1,"\n\nDROP TABLE t"\n')
  })

  it('settings of an INSERT stay with it, behind the place of the data', () => {
    expect(statementFromSql("INSERT INTO t SETTINGS insert_deduplication_token='x' FORMAT Native\n")).toMatchObject({
      kind: 'insert',
      head: 'INSERT INTO t ',
      tail: "SETTINGS insert_deduplication_token='x' ",
      format: 'Native',
    })
  })

  it('VALUES is a format too, and a column called format is none', () => {
    expect(statementFromSql('INSERT INTO t (format) VALUES (1)')).toMatchObject({ kind: 'insert', head: 'INSERT INTO t (format) ', format: 'Values' })
  })

  it('INSERT SELECT runs as it is, and one through input() is refused, since it would store nothing', () => {
    expect(statementFromSql('INSERT INTO t SELECT * FROM u')).toMatchObject({ kind: 'other' })
    expect(statementFromSql('INSERT INTO t (SELECT 1)')).toMatchObject({ kind: 'other' })
    expect(statementFromSql("INSERT INTO t SELECT a FROM input('a Int8') FORMAT CSV")).toMatchObject({ kind: 'refused', code: 48 })
  })

  it('an empty text and an INSERT without data are refused', () => {
    expect(statementFromSql(' -- nothing\n')).toMatchObject({ kind: 'refused' })
    expect(statementFromSql('INSERT INTO t')).toMatchObject({ kind: 'refused' })
  })
})
