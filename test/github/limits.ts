/** GitHub's two limits, as state: calls an hour, and what is made or changed in a minute. */
export class RateLimits {
  hourly = 5000;
  writes = Number.POSITIVE_INFINITY;
  #hour = { ends: 0, used: 0 };
  readonly #made: number[] = [];

  /** Counts a call; why it is refused, and for how many seconds where GitHub says so. */
  refuse(now: number, write: boolean): { readonly message: string; readonly after: number | null } | null {
    if (now >= this.#hour.ends) this.#hour = { ends: now + 3_600_000, used: 0 };
    if (this.#hour.used >= this.hourly)
      return { message: 'API rate limit exceeded for installation ID 99.', after: null };
    this.#hour.used++;
    if (!write) return null;
    while (this.#made[0] !== undefined && this.#made[0] <= now - 60_000) this.#made.shift();
    if (this.#made.length >= this.writes) return { message: 'You have exceeded a secondary rate limit.', after: 60 };
    this.#made.push(now);
    return null;
  }

  headers(): Record<string, string> {
    return {
      'x-ratelimit-limit': String(this.hourly),
      'x-ratelimit-remaining': String(Math.max(0, this.hourly - this.#hour.used)),
      'x-ratelimit-reset': String(Math.ceil(this.#hour.ends / 1000)),
    };
  }
}
