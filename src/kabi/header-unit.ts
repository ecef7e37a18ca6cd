/** The made-up unit that includes just one header, where no source file of the series shows it to the compiler. */
export const headerUnitFolder = 'kabiwatch-unit/';

export function headerUnit(header: string): string {
  return `${headerUnitFolder}${header.replace(/\.h$/, '.c')}`;
}

export function headerUnitText(header: string): string {
  const name = /^(?:include|arch\/[^/]+\/include)\/(?:uapi\/)?(.*)$/.exec(header)?.[1];
  const up = '../'.repeat(header.split('/').length);
  return `#include ${name === undefined ? `"${up}${header}"` : `<${name}>`}\n`;
}
