/**
 * Authentication-Results (RFC 8601): for which domains a server says that a mail is theirs. Anybody may write such a field, so a result
 * counts only with the name of the server that took the mail in for us, and of its fields only the first, which is the one that it put on top.
 */

export interface Vouching {
  /** The authserv-id, in lower case. */
  readonly server: string;
  /** Domains by a DKIM signature or by DMARC, in lower case. */
  readonly domains: readonly string[];
}

const mostFields = 10;
const longestField = 20_000;

export function readVouchings(fields: ReadonlyMap<string, readonly string[]>): Vouching[] {
  const found = new Map<string, Vouching>();
  for (const field of (fields.get('authentication-results') ?? []).slice(0, mostFields)) {
    const [name = '', ...results] = withoutComments(field.slice(0, longestField)).split(';');
    const server = name.trim().split(/\s/)[0]?.toLowerCase() ?? '';
    if (server !== '' && !found.has(server)) found.set(server, { server, domains: results.flatMap(domainsOf) });
  }
  return [...found.values()];
}

/** Does this server vouch for the sender's domain? Equal, not merely related: `mail.example.org` does not speak for `example.org`. */
export function isVouched(vouchings: readonly Vouching[], server: string, address: string): boolean {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  const said = vouchings.find((one) => one.server === server.toLowerCase());
  return domain !== '' && said !== undefined && said.domains.includes(domain);
}

/** `dkim=pass header.d=example.org`, `dmarc=pass header.from=example.org`. */
function domainsOf(result: string): string[] {
  const [, method] = /^\s*(dkim|dmarc)\s*(?:\/\s*\d+\s*)?=\s*pass(?:\s|$)/i.exec(result) ?? [];
  if (method === undefined) return [];
  const property = method.toLowerCase() === 'dkim' ? /\sheader\.[di]\s*=\s*(\S+)/gi : /\sheader\.from\s*=\s*(\S+)/gi;
  return [...result.matchAll(property)].map(([, value = '']) =>
    value.replace(/^"|"$/g, '').replace(/^.*@/, '').toLowerCase(),
  );
}

/** Comments may nest, and may hold what looks like a result. */
function withoutComments(text: string): string {
  let depth = 0;
  let kept = '';
  for (const char of text) {
    if (char === '(') depth++;
    else if (char === ')' && depth > 0) depth--;
    else if (depth === 0) kept += char;
  }
  return kept;
}
