/**
 * `#if` conditions where only `__GENKSYMS__` is known: `!defined(__GENKSYMS__) && defined(CONFIG_X)` is false for genksyms
 * and unknown for the compiler. Three-valued, by precedence climbing over `||`, `&&`, `!` and parentheses; anything else in
 * the expression is unknown.
 */
export type Truth = true | false | 'unknown';

const GENKSYMS = '__GENKSYMS__';

/** `text` is the condition with blanks between tokens or not; `#ifdef X` is given as `defined(X)`. */
export function genksymsTruth(text: string, defined: boolean): Truth {
  if (!text.includes(GENKSYMS)) return text.trim() === '0' ? false : text.trim() === '1' ? true : 'unknown';
  const words = text.match(/\w+|&&|\|\||[^\s\w]/g) ?? [];
  let at = 0;
  const primary = (depth: number): Truth => {
    const word = words[at++];
    if (depth > 100) return 'unknown';
    if (word === '!') return not(primary(depth + 1));
    if (word === '(') {
      const inner = either(depth + 1);
      if (words[at] === ')') at++;
      return inner;
    }
    if (word === 'defined') {
      const parenthesis = words[at] === '(';
      const name = words[parenthesis ? at + 1 : at];
      at += parenthesis ? 3 : 1;
      // A header that user space shares says so; what is read here is the kernel.
      return name === GENKSYMS ? defined : name === '__KERNEL__' ? true : 'unknown';
    }
    return skipOperand();
  };
  /** A call, a comparison: skipped to the next `&&`, `||` or closing parenthesis of this level. */
  const skipOperand = (): Truth => {
    for (let level = 0; at < words.length; at++) {
      const word = words[at];
      if (word === '(') level++;
      else if (level === 0 && (word === ')' || word === '&&' || word === '||')) break;
      else if (word === ')') level--;
    }
    return 'unknown';
  };
  const both = (depth: number): Truth => {
    let value = primary(depth);
    while (words[at] === '&&') {
      at++;
      value = and(value, primary(depth));
    }
    return value;
  };
  const either = (depth: number): Truth => {
    let value = both(depth);
    while (words[at] === '||') {
      at++;
      value = not(and(not(value), not(both(depth))));
    }
    return value;
  };
  return either(0);
}

export function negated(text: string): string {
  return text.startsWith('!') && !text.includes(' ') ? text.slice(1) : `!(${text})`;
}

function not(value: Truth): Truth {
  return value === 'unknown' ? value : !value;
}

function and(left: Truth, right: Truth): Truth {
  if (left === false || right === false) return false;
  return left === true && right === true ? true : 'unknown';
}
