/** `22:30` to `06:00` in UTC, over midnight too. */
export function inQuietHours(hours: { readonly from: string; readonly to: string }, now: Date): boolean {
  const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  const [from, to, at] = [minutes(hours.from), minutes(hours.to), now.getUTCHours() * 60 + now.getUTCMinutes()];
  return from <= to ? at >= from && at < to : at >= from || at < to;
}
