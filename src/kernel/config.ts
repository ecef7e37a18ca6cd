/**
 * `.config` to what the preprocessor reads of it. Kconfig writes autoconf.h from the same values (scripts/kconfig/confdata.c),
 * so it can be made where a build has not.
 */

/** One line a set symbol: its value as .config spells it, quotes included. */
export function readConfig(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^(CONFIG_\w+)=(.*?)\r?$/.exec(line);
    if (match !== null && match[2] !== 'n') values.set(match[1] as string, match[2] as string);
  }
  return values;
}

/** include/generated/autoconf.h of a configuration: `m` defines NAME_MODULE, numbers and strings stand as they are. */
export function autoconfOf(values: ReadonlyMap<string, string>): string {
  let text = '#define AUTOCONF_INCLUDED\n';
  for (const [name, value] of values) {
    if (value === 'y') text += `#define ${name} 1\n`;
    else if (value === 'm') text += `#define ${name}_MODULE 1\n`;
    else text += `#define ${name} ${value}\n`;
  }
  return text;
}
