import { collectDefaultMetrics, Registry } from 'prom-client'

/** One registry a process, passed to whoever measures; `service` labels every series of it. */
export function createMetrics(service: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  return registry
}
