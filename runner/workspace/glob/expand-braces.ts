/**
 * Expands `{a,b}` alternatives, nested ones too, in the order written. A brace without a comma, and
 * anything after a backslash, is literal: `a{b}c` stays as it is (its braces escaped).
 */
export function expandBraces(glob: string): readonly string[] {
  const group = firstGroup(glob);
  if (group === undefined) return [glob];
  const head = glob.slice(0, group.open);
  const tail = glob.slice(group.close + 1);
  if (group.alternatives.length === 1) {
    const inner = expandBraces(group.alternatives[0] ?? '');
    return inner.flatMap((i) => expandBraces(tail).map((t) => `${head}\\{${i}\\}${t}`));
  }
  const tails = expandBraces(tail);
  return group.alternatives
    .flatMap((alternative) => expandBraces(alternative))
    .flatMap((alternative) => tails.map((t) => head + alternative + t));
}

interface Group {
  readonly open: number;
  readonly close: number;
  readonly alternatives: readonly string[];
}

function firstGroup(glob: string): Group | undefined {
  let open = -1;
  let depth = 0;
  let start = 0;
  const alternatives: string[] = [];
  for (let i = 0; i < glob.length; i++) {
    const character = glob[i];
    if (character === '\\') {
      i++;
    } else if (character === '{') {
      if (depth++ === 0) {
        open = i;
        start = i + 1;
      }
    } else if (character === ',' && depth === 1) {
      alternatives.push(glob.slice(start, i));
      start = i + 1;
    } else if (character === '}' && depth > 0 && --depth === 0) {
      alternatives.push(glob.slice(start, i));
      return { open, close: i, alternatives };
    }
  }
  return undefined;
}
