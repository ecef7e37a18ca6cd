/** Mails that a commit or a pull request names: `Link:` trailers to an archive, `Message-ID:` trailers, addresses in prose. */

const archives =
  /\bhttps?:\/\/(?:lore\.kernel\.org|lkml\.kernel\.org|patch\.msgid\.link)\/(?:[\w.-]+\/)?([^\s/<>()"']{1,300})/g;
const trailers = /^Message-I[dD]:\s*<([^\s<>]{1,300})>/gm;

/** Message-IDs without angle brackets, each once; at most a hundred. */
export function messageIdsIn(text: string): string[] {
  const found = [...text.matchAll(archives), ...text.matchAll(trailers)].flatMap(([, id = '']) => {
    const decoded = id
      .replace(/%40/gi, '@')
      .replace(/%2B/gi, '+')
      .replace(/[.,;:]+$/, '');
    return decoded.includes('@') ? [decoded] : [];
  });
  return [...new Set(found)].slice(0, 100);
}
