/** As much of JSON Schema as docs/why.schema.json uses, read strictly: no field may be unknown. */
export interface Schema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly type?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** What a value has that its schema does not allow, or lacks: one line each; empty when it fits. */
export function mistakes(
  value: unknown,
  schema: Schema,
  root: Schema = schema,
  at = '$',
): string[] {
  if (schema.$ref !== undefined) {
    const found = root.$defs?.[schema.$ref.replace('#/$defs/', '')];
    return found === undefined
      ? [`${schema.$ref} is not defined`]
      : mistakes(value, found, root, at);
  }
  if ('const' in schema && value !== schema.const) return [`${at} is not ${String(schema.const)}`];
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return [`${at} is ${JSON.stringify(value)}, not one of ${schema.enum.join(', ')}`];
  }
  for (const [variants, isOne] of [
    [schema.oneOf, true],
    [schema.anyOf, false],
  ] as const) {
    if (variants === undefined) continue;
    const tried = variants.map((variant) => mistakes(value, variant, root, at));
    const fitting = tried.filter((found) => found.length === 0).length;
    if (fitting === 0) return [`${at} fits none of ${variants.length}:`, ...tried.flat()];
    if (isOne && fitting > 1) return [`${at} fits ${fitting} of ${variants.length}`];
  }
  switch (schema.type) {
    case undefined:
      return [];
    case 'null':
      return value === null ? [] : [`${at} is not null`];
    case 'integer':
      return Number.isInteger(value) ? [] : [`${at} is no integer`];
    case 'array':
      return Array.isArray(value)
        ? value.flatMap((item, index) =>
            mistakes(item, schema.items ?? {}, root, `${at}[${index}]`),
          )
        : [`${at} is no array`];
    case 'object':
      return objectMistakes(value, schema, root, at);
    default:
      return typeof value === schema.type ? [] : [`${at} is no ${schema.type}`];
  }
}

function objectMistakes(value: unknown, schema: Schema, root: Schema, at: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [`${at} is no object`];
  }
  const known = schema.properties ?? {};
  // Reasons of the runner have fields of their own kind each.
  const isOpen = Object.keys(known).join() === 'kind' && schema.required?.join() === 'kind';
  return [
    ...(schema.required ?? [])
      .filter((name) => !(name in value))
      .map((name) => `${at} lacks ${name}`),
    ...Object.entries(value).flatMap(([name, item]) => {
      const field = known[name];
      if (field !== undefined) return mistakes(item, field, root, `${at}.${name}`);
      return isOpen && 'description' in schema ? [] : [`${at}.${name} is unknown`];
    }),
  ];
}
