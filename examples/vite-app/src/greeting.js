/** @param {string} word */
export function greeting(word) {
  return `${word}, cached world`;
}
