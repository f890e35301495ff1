import { spawnSync } from 'node:child_process'
import { programOnPath } from './places.mjs'
import { runProgram, showStep } from './run-step.mjs'
import { SetUpError } from './set-up-error.mjs'

const APT = ['-y', '-q', '-o', 'DPkg::Lock::Timeout=120']
const QUIET = { DEBIAN_FRONTEND: 'noninteractive' }

/**
 * Installs what is missing of these Debian packages.
 * @throws SetUpError with the command to type, for everybody who may not install packages
 */
export async function installPackages(packages, why, lock) {
  const missing = packages.filter((name) => !isInstalled(name))
  if (missing.length === 0) return
  const command = `sudo apt-get install -y ${missing.join(' ')}`
  if (programOnPath('apt-get') === null)
    throw new SetUpError(
      `${why} needs the packages that Debian calls ${missing.join(' ')}. Install them with this system's package manager and run the command again.`,
    )
  if (process.getuid?.() !== 0) throw new SetUpError(`${why} needs packages. Install them and run the command again:\n\n    ${command}\n`)
  await showStep(`installing ${missing.join(' ')} for ${why}`, async () => {
    // An installation that was cut off leaves packages unconfigured, and apt refuses to go on until this has run.
    await runProgram('dpkg', ['--configure', '-a'], { env: QUIET, mustFinish: true, lock })
    try {
      await install(missing, lock)
    } catch {
      // The package lists may be missing or too old.
      await runProgram('apt-get', ['update', '-q'], { env: QUIET, lock })
      await install(missing, lock)
    }
  })
}

async function install(packages, lock) {
  const args = ['install', ...APT, '--no-install-recommends']
  await runProgram('apt-get', [...args, '--download-only', ...packages], { env: QUIET, lock })
  await runProgram('apt-get', [...args, ...packages], { env: QUIET, mustFinish: true, lock })
}

function isInstalled(name) {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' })
  return stdout?.startsWith('install ok installed') ?? false
}
