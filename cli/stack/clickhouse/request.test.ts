import { describe, expect, it } from 'vitest'
import { literal } from './literal.ts'
import { requestOptions } from './request.ts'

const options = (query: string, headers: Record<string, string> = {}) => requestOptions(new URL(`http://x/?${query}`), headers, 'tag-1')

describe('what the address line says', () => {
  it('becomes settings and parameters of this one session, as SQL strings', () => {
    expect(options("database=a%60b&max_threads=1&param_x=it's")).toMatchObject({
      preparation: ['USE `a\\`b`', "SET log_comment='tag-1', max_threads='1', param_x='it\\'s'"],
    })
  })

  it('never reaches the engine as a name that could be SQL', () => {
    expect(options('a%3D1%2Cb=2')).toMatchObject({ code: 36 })
  })

  it('refuses by name what would be ignored silently', () => {
    for (const name of ['session_id', 'role', 'compress']) expect(options(`${name}=1`)).toMatchObject({ code: 48, reason: expect.stringContaining(name) })
  })

  it('compresses the result only when it is wanted and understood', () => {
    expect(options('enable_http_compression=1', { 'accept-encoding': 'gzip, br' })).toMatchObject({ gzipResult: true })
    expect(options('', { 'accept-encoding': 'gzip' })).toMatchObject({ gzipResult: false })
  })

  it('a string holds quotes, backslashes and zeros', () => {
    expect(literal("a'b\\c\0d")).toBe("'a\\'b\\\\c\\0d'")
  })
})
