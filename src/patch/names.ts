/**
 * The file names of a diff's header -> paths in the tree. How many folders go depends on who wrote the header: git's `a/` and `b/`, a
 * directory a version (`linux-2.6.21/`, `linux.orig/`), or none at all (CVS, `--no-prefix`).
 */

/** Folders at the top of a kernel tree: where one stands first, nothing is to be stripped. */
const tops =
  /^(?:Documentation|LICENSES|arch|block|certs|crypto|drivers|firmware|fs|include|init|io_uring|ipc|kernel|lib|mm|net|rust|samples|scripts|security|sound|tools|usr|virt)\//;
/** What `diff.mnemonicPrefix` and the default write. */
const gitPrefix = /^[abciow12]\//;

export type NamePair = readonly [before: string | null, after: string | null];

/** The two names of `diff --git X Y`, with prefixes; null where they cannot be told apart. */
export function gitNames(line: string): readonly [string, string] | null {
  const rest = line.slice('diff --git '.length);
  const quoted = /^("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)$/.exec(rest);
  if (quoted !== null) return [unquoted(quoted[1] as string), unquoted(quoted[2] as string)];
  // Names with blanks are not quoted: both halves are the same path, after a prefix of equal length.
  const half = (rest.length - 1) / 2;
  if (Number.isInteger(half) && rest[half] === ' ' && tail(rest.slice(0, half)) === tail(rest.slice(half + 1)))
    return [rest.slice(0, half), rest.slice(half + 1)];
  return null;
}

/** Do these names of one file carry a folder that is not in the tree? */
export function prefixed(before: string, after: string): boolean {
  if (gitPrefix.test(before) && gitPrefix.test(after) && before[0] !== after[0]) return true;
  return before !== after && head(before) !== head(after) && tail(before) === tail(after);
}

/** `--- X` and `+++ Y` as diff, quilt and CVS write them. */
export function plainNames(minus: string, plus: string, index: string | null): NamePair {
  const [before, after] = [nameIn(minus), nameIn(plus)];
  if (before === null || after === null) {
    const only = before ?? after;
    const path = only === null ? null : aloneStripped(only, index);
    return before === null ? [null, path] : [path, null];
  }
  const [old, fresh] = [withoutSuffix(before), withoutSuffix(after)];
  if (prefixed(old, fresh)) return [tail(old), tail(fresh)];
  // Different files, as `diff old.c new.c` names them: the second is what it becomes, as git and patch choose.
  const path = aloneStripped(fresh, index);
  return [path, path];
}

function aloneStripped(name: string, index: string | null): string {
  if (name.startsWith('/') || tops.test(name)) return name;
  if (index !== null && (name === index || withoutSuffix(name) === index))
    return tops.test(tail(name)) ? tail(name) : name;
  return gitPrefix.test(name) || tops.test(tail(name)) ? tail(name) : name;
}

/** The name without mark, date and revision; null for /dev/null. */
function nameIn(line: string): string | null {
  const text = line.slice(4);
  const quoted = /^"(?:[^"\\]|\\.)*"/.exec(text);
  if (quoted !== null) return unquoted(quoted[0]);
  const name = text
    .replace(/\t.*$/, '')
    .replace(
      /\s+(?:\d{4}-\d\d-\d\d \d\d:|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) |\d{1,2} [A-Z][a-z]{2} \d{4} |\(revision |\(working copy\)).*$/,
      '',
    )
    .trim();
  return name === '/dev/null' ? null : name;
}

/** A time at which nothing was changed: GNU diff's date for a file that is not there, in any zone. */
export function isEpoch(line: string): boolean {
  return /\t(?:1970-01-01 [01]\d:|1969-12-31 [12]\d:|(?:Thu Jan {1,2}1|Wed Dec 31) \d\d:00:00 (?:1970|1969))/.test(
    line,
  );
}

function withoutSuffix(name: string): string {
  return name.replace(/(?:~[^/]*|\.orig|\.old|\.bak)$/, '');
}

function head(path: string): string {
  return path.slice(0, path.indexOf('/') + 1);
}

/** Without the first folder; a name without one stays. */
export function tail(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}

const escapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** C's quoting as git uses it for names with odd bytes. */
export function unquoted(name: string): string {
  if (!/^".*"$/.test(name)) return name;
  return name
    .slice(1, -1)
    .replace(/\\([0-3][0-7]{2}|.)/g, (_, code: string) =>
      code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? code),
    );
}

/** Inside the tree, on every system, and not git's own folder. */
export function isSafe(path: string | null): boolean {
  if (path === null) return true;
  if (path === '' || path.includes('\0') || /^[/\\]|^[A-Za-z]:[/\\]/.test(path)) return false;
  return !path.split(/[/\\]/).some((part) => part === '..' || part.toLowerCase() === '.git');
}
