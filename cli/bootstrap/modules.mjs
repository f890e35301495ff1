import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { isRunnable, MODULES, programOnPath, ROOT } from './places.mjs'
import { runProgram, showStep } from './run-step.mjs'
import { SetUpError } from './set-up-error.mjs'

/** The major version that everything runs on: the one that the Kafka client and the engine are tested with. */
const NODE_MAJOR = 24

export function hashOf(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16)
}

/** Installs the packages of the lock file when what is there is something else, or half of it. */
export async function installModules(lock) {
  if (areModulesComplete()) return
  // Not on the Node in node_modules, which goes away first.
  const env = { PATH: pathWithoutModules() }
  await showStep('installing the npm packages', () =>
    runProgram('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { env, lock }),
  )
}

function pathWithoutModules() {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(MODULES))
    .join(delimiter)
}

/** npm writes a list of its own at the very end of an installation: what is in it is there. */
function areModulesComplete() {
  const listFile = join(MODULES, '.package-lock.json')
  if (!existsSync(listFile)) return false
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages
  const present = JSON.parse(readFileSync(listFile, 'utf8')).packages
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || (present[path] === undefined ? optional === true : present[path].version === version),
  )
}

/** @throws SetUpError when there is no Node of the right version for this system */
export function pinnedNode() {
  const packaged = join(MODULES, `node-linux-${process.arch}`, 'bin', 'node')
  if (process.platform === 'linux' && isRunnable(packaged)) return packaged
  if (Number(process.versions.node.split('.')[0]) === NODE_MAJOR) return process.execPath
  const found = programOnPath(`node${NODE_MAJOR}`) ?? programOnPath(`node-${NODE_MAJOR}`)
  if (found !== null) return found
  throw new SetUpError(
    `no Node ${NODE_MAJOR} comes with the npm packages for ${process.platform} on ${process.arch}. Put a Node ${NODE_MAJOR} first on the PATH (this is ${process.version}) and run the command again.`,
  )
}
