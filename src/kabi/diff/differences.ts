/** What a series changes in declarations, as its hunks tell: each of these is a row with its file and the patch that it came with. */
import type { FileRole } from '../series/triage.js';
import type { Export, Prototype, Scope } from './declarations.js';
import type { Delta } from './deltas.js';
import type { GuardText } from './guard-text.js';

/** Where a difference stands: the patch is the one that it came with. */
export interface Place {
  readonly file: string;
  readonly role: FileRole;
  readonly patch: number;
}

/** What one view says happened to one type. */
export interface ViewOfType {
  readonly deltas: readonly Delta[];
  /** The tokens of the body differ in any way, spelling included. */
  readonly differs: boolean;
  /** Members whose `#if` changed: whether they are there depends on the configuration. */
  readonly reconditioned: readonly string[];
}

export interface TypeDifference {
  readonly kind: Scope['kind'];
  readonly name: string | null;
  readonly typedef: boolean;
  readonly file: string;
  readonly line: number;
  readonly role: FileRole;
  readonly patch: number;
  /** A type that is only there before, or only after. */
  readonly existence: 'both' | 'added' | 'removed';
  /** The closing brace is seen: a member that nothing follows is the last one. */
  readonly ends: boolean;
  /** Where it closes, or the last line that is seen of it. */
  readonly lastLine: number;
  readonly compiler: ViewOfType;
  readonly genksyms: ViewOfType;
  /** Attributes of the type itself, before and after, where they differ. */
  readonly attributes: { readonly before: string; readonly after: string } | null;
  /** A rule of gendwarfksyms in the series says what is hashed of it: there genksyms' view does not count. */
  readonly isRuled: boolean;
}

export interface PrototypeDifference {
  readonly before: Prototype | null;
  readonly after: Prototype | null;
  readonly file: string;
  readonly role: FileRole;
  readonly patch: number;
  readonly genksymsSame: boolean;
}

export interface ExportDifference {
  readonly before: Export | null;
  readonly after: Export | null;
  readonly file: string;
  readonly patch: number;
}

export interface DirectiveDifference {
  readonly kind: 'include' | 'macro' | 'macro-body';
  readonly change: 'added' | 'removed' | 'changed';
  readonly text: string;
  readonly file: string;
  readonly role: FileRole;
  readonly line: number;
  readonly patch: number;
  /** Only the compiler's view has it. */
  readonly guarded: boolean;
}

export interface GuardDifference extends GuardText {
  readonly file: string;
  readonly role: FileRole;
  readonly patch: number;
}

export interface DiffChanges {
  readonly types: readonly TypeDifference[];
  readonly prototypes: readonly PrototypeDifference[];
  readonly exports: readonly ExportDifference[];
  readonly directives: readonly DirectiveDifference[];
  readonly guards: readonly GuardDifference[];
  /** Files of which something could not be read. */
  readonly unread: readonly { readonly file: string; readonly why: string }[];
}
