/** What can be wrong with a record, on its way in or out. */
export type CodecErrorCode =
  | 'too_short' // fewer bytes than the header, or the body ends in the middle of a value
  | 'wrong_magic' // the first byte is not 0
  | 'unknown_schema' // the record has no schema with this id
  | 'trailing_bytes' // more bytes than the value
  | 'invalid_bytes' // bytes that no encoder of this schema writes
  | 'invalid_value' // a value that the schema does not allow
  | 'too_long' // more bytes than a record may have

/** The only error that a codec throws. */
export class CodecError extends Error {
  override readonly name = 'CodecError'
  readonly code: CodecErrorCode

  constructor(code: CodecErrorCode, detail: string) {
    super(detail)
    this.code = code
  }
}
