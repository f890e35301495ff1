import { describe, expect, it } from 'vitest'
import { runCommandLine } from './run-command-line.ts'

async function call(...args: string[]) {
  const said = { out: '', err: '' }
  const code = await runCommandLine(args, {
    env: { TRIBUTARY_DATA: '/nonexistent/tributary' },
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
  })
  return { code, ...said }
}

const COMMANDS = ['up', 'down', 'status', 'doctor', 'wait', 'trace', 'simulate', 'rebuild', 'replay']

describe('the command line', () => {
  it('a wrong call ends with 2 and says on stderr what would be right', async () => {
    for (const args of [[], ['nonsense'], ['status', '--nonsense'], ['status', 'too-much'], ['wait', '--timeout'], ['constructor']]) {
      const { code, out, err } = await call(...args)
      expect({ args, code, out }).toEqual({ args, code: 2, out: '' })
      expect(err).not.toBe('')
    }
  })

  it('the overview lists every command', async () => {
    const { code, out } = await call('--help')
    expect(code).toBe(0)
    for (const name of COMMANDS) expect(out).toContain(`  ${name} `)
  })

  it.each(COMMANDS)('%s explains itself with usage and examples', async (name) => {
    const { code, out } = await call(name, '--help')
    expect(code).toBe(0)
    expect(out).toMatch(/^usage: npm run -s tributary -- /m)
    expect(out).toContain('examples:')
  })

  it('a wrong value in the environment is told with its variable', async () => {
    let err = ''
    const code = await runCommandLine(['status'], { env: { TRIBUTARY_SETTLE_MS: 'soon' }, out: () => {}, err: (text) => (err += text) })
    expect(code).toBe(1)
    expect(err).toContain('TRIBUTARY_SETTLE_MS is "soon"')
  })
})
