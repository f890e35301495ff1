/** One line that is written over again on a terminal; elsewhere nothing, since nobody watches a file. */
export type Progress = { show(text: string): void; end(): void }

const WIDTH_MAX = 160

export function createProgress(write: (text: string) => void, terminal: { isTTY?: boolean; columns?: number } = process.stderr): Progress {
  let shown = false
  return {
    show(text) {
      if (!terminal.isTTY) return
      const width = Math.min(WIDTH_MAX, terminal.columns ?? WIDTH_MAX) - 1
      write(`\r\u001b[2K${text.slice(0, width)}`)
      shown = true
    },
    end() {
      if (shown) write('\r\u001b[2K')
      shown = false
    },
  }
}
