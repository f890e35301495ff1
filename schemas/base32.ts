/** 32 symbols without i, l, o and u, whose ASCII order is the order of their values. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const BITS_PER_SYMBOL = 5

const valueByCode = new Int8Array(128).fill(-1)
for (const [value, symbol] of [...ALPHABET].entries()) valueByCode[symbol.charCodeAt(0)] = value

/** Writes bytes, a multiple of 5 of them, as text that sorts as the bytes do. */
export function base32FromBytes(bytes: Buffer): string {
  let text = ''
  let bits = 0
  let bitCount = 0
  for (const byte of bytes) {
    bits = ((bits & 0x1f) << 8) | byte
    bitCount += 8
    while (bitCount >= BITS_PER_SYMBOL) {
      bitCount -= BITS_PER_SYMBOL
      text += ALPHABET[(bits >>> bitCount) & 31]!
    }
  }
  return text
}

/** Reads text of exactly `byteCount` bytes, a multiple of 5; null when it has another length or another symbol. */
export function bytesFromBase32(text: string, byteCount: number): Buffer | null {
  if (text.length * BITS_PER_SYMBOL !== byteCount * 8) return null
  const bytes = Buffer.allocUnsafe(byteCount)
  let bits = 0
  let bitCount = 0
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const value = valueByCode[text.charCodeAt(i)] ?? -1
    if (value < 0) return null
    bits = ((bits & 0xff) << BITS_PER_SYMBOL) | value
    bitCount += BITS_PER_SYMBOL
    if (bitCount < 8) continue
    bitCount -= 8
    bytes[at++] = bits >>> bitCount
  }
  return bytes
}
