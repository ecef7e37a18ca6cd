/** A type as C text, in the spelling of pahole: `long unsigned int`, `struct list_head *`, `void (*)(struct work_struct *)`. */
import type { Type } from './type.js';

/** Text longer than this is cut: only hostile input makes it. */
const longest = 4000;

/** `textOfType(int[4], 'a')` is `int a[4]`; without a name, `int[4]`. */
export function textOfType(type: Type, name = ''): string {
  return declare(type, name, 0);
}

function declare(type: Type, name: string, depth: number): string {
  let at = type;
  let text = name;
  let bound = false; // `text` starts with `*`, so an array or function around it needs parentheses
  let stars = 0;
  if (depth > 20) return '…';
  for (;;) {
    if (text.length > longest) return '…';
    switch (at.kind) {
      case 'pointer':
        text = `*${text}`;
        bound = true;
        stars++;
        at = at.to;
        continue;
      case 'array':
        text = `${bound ? `(${text})` : text}[${at.unknown === null ? (at.length ?? '') : '?'}]`;
        bound = false;
        at = at.element;
        continue;
      case 'function': {
        const list = at.parameters.map((parameter) => declare(parameter.type, '', depth + 1));
        if (at.variadic) list.push('...');
        if (list.length === 0 && !at.unprototyped) list.push('void');
        text = `${bound ? `(${text})` : text}(${list.join(', ')})`;
        bound = false;
        at = at.returns;
        continue;
      }
      case 'qualified':
        if (at.type.kind === 'pointer') {
          text = `${qualifiers(at)}${text === '' ? '' : ` ${text}`}`;
          at = at.type;
          continue;
        }
        break;
      default:
    }
    const base = baseText(at, depth);
    if (text === '') return base;
    return /^[[(]/.test(text) && stars === 0 && name === '' ? `${base}${text}` : `${base} ${text}`;
  }
}

function qualifiers(type: Extract<Type, { kind: 'qualified' }>): string {
  return [
    ...(type.const ? ['const'] : []),
    ...(type.volatile ? ['volatile'] : []),
    ...(type.restrict ? ['restrict'] : []),
    ...(type.atomic ? ['_Atomic'] : []),
  ].join(' ');
}

function baseText(type: Type, depth: number): string {
  switch (type.kind) {
    case 'void':
      return 'void';
    case 'integer':
    case 'float':
      return type.name;
    case 'va_list':
      return '__builtin_va_list';
    case 'typedef':
      return type.name;
    case 'struct':
    case 'union':
    case 'enum':
      return type.tag === null ? `${type.kind} {...}` : `${type.kind} ${type.tag}`;
    case 'qualified': {
      const words = qualifiers(type);
      return `${words}${words === '' ? '' : ' '}${declare(type.type, '', depth + 1)}`;
    }
    case 'vector':
      return `${declare(type.element, '', depth + 1)} __attribute__((__vector_size__(${type.size})))`;
    case 'unknown':
      return type.text;
    default:
      return declare(type, '', depth + 1);
  }
}
