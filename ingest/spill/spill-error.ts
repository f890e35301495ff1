/** The spill cannot keep a record: its bound is reached, the disk refuses, or it is closed. */
export class SpillError extends Error {
  readonly code: 'full' | 'disk' | 'closed'
  constructor(code: SpillError['code'], message: string, options?: { cause: unknown }) {
    super(message, options)
    this.name = 'SpillError'
    this.code = code
  }
}
