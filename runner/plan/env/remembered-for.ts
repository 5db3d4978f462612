/**
 * Makes something of an object once for each key. The object is not to be changed afterwards, and
 * what was made goes with it. For what thousands of tasks share, such as the runner's environment.
 */
export function rememberedFor<T>(): (of: object, key: string, make: () => T) => T {
  const memory = new WeakMap<object, Map<string, T>>();
  return (of, key, make) => {
    let known = memory.get(of);
    if (known === undefined) memory.set(of, (known = new Map<string, T>()));
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = make()));
    return found;
  };
}
