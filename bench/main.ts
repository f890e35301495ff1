import { acceptance } from './acceptance.ts'
import { delay } from './delay.ts'
import { postbacks } from './postbacks.ts'
import { redirects } from './redirects.ts'
import { soak } from './soak.ts'
import { runBench } from './support/bench.ts'

/** usage: npm run bench -- [name [options]]; without a name the three short ones, one after the other. */
const SHORT = [postbacks, redirects, delay]
const LONG = [soak, acceptance]
const ALL = [...SHORT, ...LONG]

const HELP = `usage: npm run bench -- [name] [options]

${ALL.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join('\n')}

Without a name: ${SHORT.map(({ name }) => name).join(', ')}, with short defaults. Each takes --help and --json. What they mean: bench/README.md
`

const LONG_HINT = `
The long ones run only when they are called by name:
  npm run bench -- soak --minutes 10 --clicks 1000
  npm run bench -- acceptance --events 500000
`

process.exitCode = await main(process.argv.slice(2))

async function main([first = '', ...rest]: string[]): Promise<number> {
  if (first === '--help' || first === '-h') {
    process.stdout.write(HELP)
    return 0
  }
  if (first === '' || first === '--json') {
    let worst = 0
    for (const bench of SHORT) worst = Math.max(worst, await runBench(bench, first === '' ? rest : [first, ...rest]))
    process.stderr.write(LONG_HINT)
    return worst
  }
  const bench = ALL.find(({ name }) => name === first)
  if (bench === undefined) {
    process.stderr.write(`there is no bench ${JSON.stringify(first)}\n\n${HELP}`)
    return 2
  }
  return await runBench(bench, rest)
}
