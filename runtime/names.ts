/** Where a deployment keeps its things: several can share one Kafka, Redis and ClickHouse, each under its own prefix. */
export type Names = {
  namespace: string
  topic(name: string): string
  group(name: string): string
  redis(key: string): string
  database(name: string): string
}

/** '' keeps every plain name. 'x' gives `x.topic`, `x.group`, `x:{p1}:...` and `x_tributary_v1`. */
export function createNames(namespace: string): Names {
  const prefixed = (separator: string) => (name: string) => (namespace === '' ? name : `${namespace}${separator}${name}`)
  return { namespace, topic: prefixed('.'), group: prefixed('.'), redis: prefixed(':'), database: prefixed('_') }
}
