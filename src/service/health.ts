/** How each part of the service is, for `/healthz`: ready only when every part is. Changes are logged once, not each time they are told. */
import type { Log } from './log.js';
import type { PartState } from './ports.js';

export interface Health {
  set(part: string, state: PartState): void;
  read(): { readonly ok: boolean; readonly parts: Readonly<Record<string, PartState & { readonly since: string }>> };
}

export function startHealth(log: Log, now: () => Date): Health {
  const parts = new Map<string, PartState & { since: string }>();
  return {
    set(part, state) {
      const before = parts.get(part);
      const turned = before === undefined || before.ok !== state.ok;
      if (turned || before.detail !== state.detail) {
        const line = { part, detail: state.detail };
        if (state.ok) log.info(line, before && !before.ok ? 'works again' : 'works');
        else log.warn(line, 'does not work');
      }
      parts.set(part, { ...state, since: turned ? now().toISOString() : before.since });
    },
    read: () => ({ ok: [...parts.values()].every((part) => part.ok), parts: Object.fromEntries(parts) }),
  };
}
