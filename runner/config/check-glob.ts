/** What makes a glob unusable, if anything. A leading `!` is not part of it. */
export type GlobMistake = 'empty' | 'unclosed-bracket' | 'unclosed-brace' | 'trailing-backslash';

/**
 * Checks the glob syntax of paths and of names of variables: `*`, `**`, `?`, `[…]`, `{a,b}`, and a
 * backslash before a character taken literally.
 */
export function checkGlob(pattern: string): GlobMistake | undefined {
  const glob = pattern.startsWith('!') ? pattern.slice(1) : pattern;
  if (glob === '') return 'empty';
  let braces = 0;
  for (let i = 0; i < glob.length; i++) {
    const character = glob[i];
    if (character === '\\') {
      if (++i === glob.length) return 'trailing-backslash';
    } else if (character === '[') {
      // A `]` in first place is literal, so look for one after it.
      const close = glob.indexOf(']', i + (/^\[[!^]/.test(glob.slice(i)) ? 3 : 2));
      if (close === -1) return 'unclosed-bracket';
      i = close;
    } else if (character === '{') {
      braces++;
    } else if (character === '}' && braces > 0) {
      braces--;
    }
  }
  return braces > 0 ? 'unclosed-brace' : undefined;
}
