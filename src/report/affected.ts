/** Who is affected, as the reply says it: modules and inline code first, they decide; then how much of the base kernel, and what to leave alone. */
import type { Consumer, Review } from '../kabi/review.js';
import { plain } from './escape.js';
import { likelyModules } from './likely-modules.js';
import { counted } from './wording.js';

const mostPlaces = 6;
const mostFiles = 6;
const mostMembers = 12;
const mostKinds = 4;

/** Sentences, each for a bullet; none where nobody was asked. */
export function affectedLines({ consumers }: Review): string[] {
  if (consumers.length === 0) return [];
  const at = (...places: Consumer['place'][]): Consumer[] => consumers.filter(({ place }) => places.includes(place));
  const outside = at('module', 'inline');
  const inside = at('builtin');
  const possible = at('possible');
  const lines = outside
    .slice(0, mostPlaces)
    .map((one) => `${one.place}: ${plain(one.file)}:${one.line} ${one.kind} of ${subject(one)}`);
  if (outside.length > mostPlaces)
    lines.push(`and ${counted(outside.length - mostPlaces, 'more place')} in modules and inline code`);
  if (outside.length === 0) lines.push('no module of this configuration, no inline code');
  if (inside.length > 0)
    lines.push(
      `base kernel: ${counted(inside.length, 'place')} in ${fewOf(
        inside.map(({ file }) => file),
        mostFiles,
        'files',
      )}`,
    );
  if (possible.length > 0)
    lines.push(`in code that this configuration does not build: ${counted(possible.length, 'place')}`);
  if (outside.length === 0) lines.push(...leftAlone(consumers));
  return lines;
}

function leftAlone(consumers: readonly Consumer[]): string[] {
  const members = consumers.flatMap((one) => (one.member === null ? [] : [subject(one)]));
  const sizes = consumers.flatMap((one) => (one.member === null ? [one.type] : []));
  const lines = [];
  if (members.length > 0) lines.push(`an outside module must not touch: ${fewOf(members, mostMembers, 'members')}`);
  if (sizes.length > 0) lines.push(`nor allocate, embed or copy: ${fewOf(sizes, mostMembers, 'types')}`);
  const kinds = likelyModules(consumers, mostKinds);
  if (kinds.length > 0) lines.push(`kinds of module that might: ${kinds.join(', ')}`);
  return lines;
}

function subject({ type, member }: Consumer): string {
  return plain(member === null ? type : `${type}.${member}`);
}

function fewOf(all: readonly string[], most: number, what: string): string {
  const unique = [...new Set(all.map(plain))];
  const more = unique.length - most;
  return `${unique.slice(0, most).join(', ')}${more > 0 ? `, and ${more} ${what} more` : ''}`;
}
