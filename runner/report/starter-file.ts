/** What a first vite-task.json is made from. */
export interface StarterContent {
  /** Whether it lies in the workspace root, where settings of the workspace are allowed. */
  readonly isRoot: boolean;
  /** Command lines of package.json by name, in the order written. */
  readonly scripts: ReadonlyMap<string, string>;
  /** What `$schema` says; undefined: no such field. */
  readonly schema: string | undefined;
}

/** Scripts that package managers run by themselves. */
const lifecycle = /^(pre|post)?(install|prepare|prepublish|prepublishOnly|publish|pack|version)$/;

/** Names and command lines of what runs until it is stopped. */
const endless = { name: /^(dev|start|serve|watch|preview)(:|$)/, command: /\s(--watch|-w)\b/ };

/** The scripts that a starter file offers as tasks: neither hooks of others nor of package managers. */
function offeredScripts(
  scripts: ReadonlyMap<string, string>,
): readonly (readonly [name: string, command: string])[] {
  return [...scripts].filter(([name]) => {
    const hooked = /^(?:pre|post)(.+)$/.exec(name)?.[1];
    return !lifecycle.test(name) && (hooked === undefined || !scripts.has(hooked));
  });
}

/** The text of a commented vite-task.json that changes nothing yet. */
export function starterFile({ isRoot, scripts, schema }: StarterContent): string {
  const offered = offeredScripts(scripts);
  const schemaLine = schema === undefined ? [] : [`  "$schema": ${JSON.stringify(schema)},`, ''];
  const rootLines = isRoot
    ? [
        '  // Scripts of package.json run as they are: `vt run <name>`. Their results are kept only with',
        '  // `vt run --cache <name>`, or when "scripts" is true. Tasks of this file are always cached.',
        '  "cache": { "scripts": false, "tasks": true },',
        '',
      ]
    : [];
  const introduction =
    offered.length === 0
      ? ['  // A task is a command, or an object with more to say: "cwd", "dependsOn", "cache".']
      : [
          '  // Each of these is a script of package.json. To make one a task, take its slashes away and',
          '  // remove it from package.json: one name cannot be both.',
        ];
  const example = ['    // "build": "vite build",'];
  const tasks =
    offered.length === 0 ? example : offered.map((script) => `    // ${taskLine(script)}`);
  return [
    '{',
    ...schemaLine,
    ...rootLines,
    ...introduction,
    '  "tasks": {',
    ...tasks,
    '  },',
    '}',
    '',
  ].join('\n');
}

function taskLine([name, command]: readonly [string, string]): string {
  const key = JSON.stringify(name);
  const text = JSON.stringify(command);
  // What never ends has no result to keep.
  return endless.name.test(name) || endless.command.test(command)
    ? `${key}: { "command": ${text}, "cache": false },`
    : `${key}: ${text},`;
}

/** What `vt init` did, for the user. */
export function starterReport(file: string, content: StarterContent): string {
  const offered = offeredScripts(content.scripts);
  const [first] = offered.find(([name]) => name === 'build') ?? offered[0] ?? [];
  const what =
    offered.length === 0
      ? 'There are no scripts in package.json to begin with: add a task to it.'
      : `${offered.length === 1 ? '1 script' : `${offered.length} scripts`} of package.json ${offered.length === 1 ? 'stands' : 'stand'} in it as comments, ready to become tasks; nothing has changed yet.`;
  const next =
    first === undefined
      ? ''
      : `Try one as it is: vt run ${first}. With its result kept: vt run --cache ${first}\n`;
  return `Wrote ${file}. ${what}\n${next}`;
}
