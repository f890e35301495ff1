/** Reads rows of texts from the public views. Large answers are lines, which cost the engine and the reader least. */
export async function queryRows(clickhouseUrl: string, query: string): Promise<string[][]> {
  const response = await fetch(clickhouseUrl, { method: 'POST', body: `${query} FORMAT TabSeparated` })
  const text = await response.text()
  if (!response.ok) throw new Error(`${query.slice(0, 200)}: ${text.slice(0, 500)}`)
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'))
}

export async function queryNumber(clickhouseUrl: string, query: string): Promise<number> {
  return Number((await queryRows(clickhouseUrl, query))[0]?.[0] ?? Number.NaN)
}
