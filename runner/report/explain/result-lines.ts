import type { StoredResult } from '../../../cache/explain/stored-result.js';
import type { StoredOutput } from '../../../cache/stored-entry.js';
import { observationText } from '../observation-text.js';
import { ignoredByText, ignoredPartText } from './ignored-text.js';
import type { ConfigurationView } from './ignored-text.js';
import { momentText } from './moment-text.js';
import { observerText, processText } from './observer-text.js';
import { sourcePlace } from './source-place.js';

/** A stored result in a few words: `3fa2c1d2e3f4, stored 2026-11-24 03:10:05 UTC`. */
export function resultText({ name, stored }: StoredResult): string {
  return `${shortName(name)}, stored ${momentText(stored)}`;
}

/** The beginning of an entry's name: enough to tell it, and to give to `vt cache show`. */
export function shortName(name: string): string {
  return name.slice(0, 12);
}

/** Everything that a result depends on, one line each; `who`: with who observed it. */
export function observationLines(result: StoredResult, who: boolean): readonly string[] {
  return result.observations.map((observation) => {
    const text = observationText(observation);
    return who ? `${text}: ${observerText(observation, result.processes)}` : text;
  });
}

/** Every output of a result; `who`: with who wrote it. */
export function outputLines(result: StoredResult, who: boolean): readonly string[] {
  return result.outputs.map((output, index) => {
    const writer = result.writers[index] ?? -1;
    const by = who && writer >= 0 ? `: written by ${processText(result.processes, writer)}` : '';
    return outputText(output) + by;
  });
}

/** What a result leaves out, by the rule that says so. */
export function ignoredLines(result: StoredResult, view: ConfigurationView): readonly string[] {
  return result.ignored.map((ignored) => {
    const { paths, more, part } = ignored;
    const [first] = paths;
    const others = paths.length + more - 1;
    const what =
      first === undefined
        ? 'nothing touched'
        : `'${first.path}'${others > 0 ? ` and ${others} more` : ''}`;
    return `${ignoredPartText(part)} of ${what}: ${ignoredByText(ignored, result.processes, view)}`;
  });
}

/** What programs looked for in vain, and how they would get it. */
export function withheldLines(
  result: StoredResult,
  { origin, cwd }: ConfigurationView,
): readonly string[] {
  if (result.withheld.length === 0) return [];
  const names = result.withheld.map(({ name }) => `"${name}"`);
  const listed = `"env": [${names.join(', ')}]`;
  const place = origin?.task === undefined ? '' : ` (${sourcePlace(origin.task, cwd)})`;
  const help =
    origin?.task === undefined
      ? `${result.withheld.map(({ name }) => `--env ${name}`).join(' ')}, or --auto-env`
      : `${listed}, or "env": [{ "auto": true }]${place}`;
  return [
    ...result.withheld.map(
      ({ name, process }) => `'${name}' by ${processText(result.processes, process)}`,
    ),
    `help: if the result may depend on them: ${help}`,
  ];
}

function outputText(output: StoredOutput): string {
  switch (output.kind) {
    case 'file':
      return `'${output.path}'`;
    case 'symlink':
      return `'${output.path}' (link to '${output.target}')`;
    case 'directory':
      return `'${output.path}' (folder)`;
    case 'deletion':
      return `'${output.path}' (deleted)`;
  }
}
