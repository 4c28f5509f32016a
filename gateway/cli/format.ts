/** Local wall-clock time, to the second. */
export function shortTime(at = new Date()): string {
  return at.toTimeString().slice(0, 8);
}

/** What people look for first stands first; the rest is in the MQTT tree. */
const HEADLINE = ["power_w", "energy_import_kwh", "energy_export_kwh"];

export function headline(values: Readonly<Record<string, unknown>>): [string, unknown][] {
  const found = HEADLINE.flatMap((name): [string, unknown][] => (name in values ? [[name, values[name]]] : []));
  return found.length > 0 ? found : Object.entries(values).slice(0, 4);
}
