import type { HiddenEdge } from '../../execute/edges/hidden-edge.js';
import type { Diagnostic } from './diagnostic.js';

/** How many files are named besides the first. */
const SHOWN = 3;

/** The words for tasks that meet in files. */
export function describeHiddenEdge(edge: HiddenEdge): Diagnostic {
  const [first = '', ...others] = edge.paths;
  const more = others.length - SHOWN;
  const about = {
    severity: edge.isStrict ? 'error' : 'warning',
    code: edge.kind,
    places: [],
    facts:
      others.length === 0
        ? []
        : [`also: ${others.slice(0, SHOWN).join(', ')}${more > 0 ? `, and ${more} more` : ''}`],
  } as const;
  if (edge.kind === 'hidden-edge') {
    const { reader, writer } = edge;
    return {
      ...about,
      title: `"${reader}" reads ${first}, which "${writer}" writes, and nothing says that it comes after it`,
      help: `add "${writer}" to "dependsOn" of "${reader}", or make its package depend on the other`,
    };
  }
  const [one, other] = edge.tasks;
  return {
    ...about,
    title: `"${one}" and "${other}" both write ${first}, and nothing says which comes first`,
    help: 'let one of them write it, or name one in "dependsOn" of the other',
  };
}
