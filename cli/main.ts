import { runCommandLine } from './run-command-line.ts'

// A pipe that was closed early, as by `| head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
const code = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
})
// A client library may still hold a connection; what was written must reach its reader first.
process.stdout.write('', () => process.exit(code))
