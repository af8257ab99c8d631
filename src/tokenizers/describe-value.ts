/** A value as errors show it: short, and without going into lists and objects, however deep they are. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return "missing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "an object";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
