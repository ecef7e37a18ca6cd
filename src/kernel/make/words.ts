/** Words and patterns as GNU make has them (manual, 8.2): blanks between words, one `%` in a pattern. */
export function wordsOf(text: string): string[] {
  const trimmed = text.trim();
  return trimmed === '' ? [] : trimmed.split(/\s+/);
}

/** What `%` stood for, or null where the word does not match. */
export function stemOf(pattern: string, word: string): string | null {
  const at = pattern.indexOf('%');
  if (at === -1) return pattern === word ? '' : null;
  const before = pattern.slice(0, at);
  const after = pattern.slice(at + 1);
  const fits = word.length >= before.length + after.length && word.startsWith(before) && word.endsWith(after);
  return fits ? word.slice(before.length, word.length - after.length) : null;
}

export function patsubst(pattern: string, replacement: string, text: string): string {
  return wordsOf(text)
    .map((word) => {
      const stem = stemOf(pattern, word);
      if (stem === null) return word;
      return pattern.includes('%') ? replacement.replace('%', () => stem) : replacement;
    })
    .join(' ');
}

/** The words that match a pattern of the list, or with `keep: 'others'` those that match none. */
export function filterWords(patterns: string, text: string, keep: 'matching' | 'others'): string {
  const all = wordsOf(patterns);
  const exact = new Set(all.filter((pattern) => !pattern.includes('%')));
  const wild = all.filter((pattern) => pattern.includes('%'));
  const matches = (word: string): boolean => exact.has(word) || wild.some((pattern) => stemOf(pattern, word) !== null);
  return wordsOf(text)
    .filter((word) => matches(word) === (keep === 'matching'))
    .join(' ');
}

export function sortWords(text: string): string {
  return [...new Set(wordsOf(text))].sort((a, b) => (a < b ? -1 : 1)).join(' ');
}

/** A path of a makefile as a path of the tree. */
export function normalised(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0) parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
