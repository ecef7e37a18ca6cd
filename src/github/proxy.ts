/**
 * Calls through the proxy that the environment names (`https_proxy`, `http_proxy`, `no_proxy`), as git does: Node's own fetch does not look.
 * undici's fetch with undici's agent, since Node's is of another version and takes no foreign agent.
 */
import { EnvHttpProxyAgent, fetch as undiciFetch } from 'undici';

/** null where the environment names no proxy: Node's own fetch serves. */
export function proxiedFetch(environment: NodeJS.ProcessEnv): typeof fetch | null {
  const named = (name: string): string | undefined => environment[name] ?? environment[name.toUpperCase()];
  const [httpProxy, httpsProxy, noProxy] = [named('http_proxy'), named('https_proxy'), named('no_proxy')];
  if (!httpProxy && !httpsProxy) return null;
  const dispatcher = new EnvHttpProxyAgent({
    ...(httpProxy ? { httpProxy } : {}),
    ...(httpsProxy ? { httpsProxy } : {}),
    ...(noProxy ? { noProxy } : {}),
  });
  const through: unknown = (input: never, init: object = {}) => undiciFetch(input, { ...init, dispatcher });
  return through as typeof fetch;
}
