/**
 * The closed table of operational errors: the world failed, or was asked wrongly. A fact about the input (a patch that
 * does not apply, a header that is missing) is a value, never one of these; a bug is a plain Error.
 *
 * docs/errors.md has a row for each code; a test holds the two equal.
 */
export const errorTable = {
  usage: { exit: 2, retry: 'never', text: 'the command was asked wrongly' },
  'file-unreadable': { exit: 2, retry: 'never', text: 'a file could not be read' },
  'btf-unreadable': { exit: 2, retry: 'never', text: 'no type information (BTF) can be read from this file' },
  'file-unwritable': { exit: 2, retry: 'never', text: 'a file could not be written' },
  'reference-not-found': { exit: 2, retry: 'never', text: 'no reference of this name' },
  'reference-foreign': { exit: 2, retry: 'never', text: 'this file is no reference that this version reads' },
  'reference-damaged': { exit: 2, retry: 'never', text: 'the reference is damaged: build it again' },
  'reference-mismatch': { exit: 2, retry: 'never', text: 'the reference is for another kernel' },
  'tree-not-found': { exit: 2, retry: 'never', text: 'no kernel source tree at this place' },
  'config-invalid': { exit: 2, retry: 'never', text: 'the configuration has a wrong key or value' },
  'store-unavailable': { exit: 2, retry: 'later', text: 'the store cannot be opened' },
  'store-in-use': { exit: 2, retry: 'later', text: 'another process uses the store' },
  'clang-missing': { exit: 2, retry: 'never', text: 'the second opinion needs @yowasp/clang' },
  'secret-missing': { exit: 2, retry: 'never', text: 'a secret is not set' },
} as const satisfies Record<string, { exit: number; retry: 'never' | 'later'; text: string }>;

export type ErrorCode = keyof typeof errorTable;

/** `facts` are the names and values a reader needs to act: the path, the line, the key, the remedy. */
export class KabiwatchError extends Error {
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, string | number>>;

  constructor(
    code: ErrorCode,
    facts: Readonly<Record<string, string | number>> = {},
    options: { cause?: unknown } = {},
  ) {
    const told = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
    super([errorTable[code].text, ...told].join('; '), options);
    this.name = 'KabiwatchError';
    this.code = code;
    this.facts = facts;
  }
}
