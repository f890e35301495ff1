/**
 * The statements of a migration: split at semicolons outside quotes and comments, comments left out, `${base}` and
 * `${views}` replaced. @throws on another placeholder, since ClickHouse would take it for a name.
 */
export function statementsOf(text: string, databases: { base: string; views: string }): string[] {
  return split(text).map((statement) => fill(statement, databases))
}

function split(text: string): string[] {
  const statements: string[] = []
  let current = ''
  for (const token of text.match(/--[^\n]*|'(?:[^'\\]|\\.|'')*'|`[^`]*`|;|[^-'`;]+|-/g) ?? []) {
    if (token.startsWith('--')) continue
    if (token !== ';') {
      current += token
      continue
    }
    statements.push(current.trim())
    current = ''
  }
  statements.push(current.trim())
  return statements.filter((statement) => statement !== '')
}

function fill(statement: string, databases: { base: string; views: string }): string {
  return statement.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
    if (name === 'base') return databases.base
    if (name === 'views') return databases.views
    throw new Error(`\${${name}} is no placeholder of a migration: there are \${base} and \${views}`)
  })
}
