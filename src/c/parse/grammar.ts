/**
 * The productions of a declaration, which need each other in a circle: specifiers hold records, records hold members, members
 * have declarators, declarators have parameters, and any of them may hold a constant. Each knows the others by this.
 */

import type { Layouts } from '../layout.js';
import { Evaluator } from './constant.js';
import type { Cursor } from './cursor.js';
import { DeclaratorReader } from './parse-declarator.js';
import { EnumReader } from './parse-enum.js';
import { RecordReader } from './parse-record.js';
import { SpecifierReader } from './parse-specifiers.js';
import { Scope } from './scope.js';

export class Grammar {
  readonly cursor: Cursor;
  readonly layouts: Layouts;
  /** A tagged struct without a declarator embeds its members (-fms-extensions). */
  readonly embedsTagged: boolean;
  readonly scope: Scope;
  readonly specifiers: SpecifierReader;
  readonly declarators: DeclaratorReader;
  readonly records: RecordReader;
  readonly enums: EnumReader;
  readonly constants: Evaluator;
  /** A constant at the cursor, for the attributes that hold one. */
  readonly constant = () => this.constants.constant();

  constructor(cursor: Cursor, layouts: Layouts, embedsTagged: boolean) {
    this.cursor = cursor;
    this.scope = new Scope(layouts.target);
    this.layouts = layouts;
    this.embedsTagged = embedsTagged;
    this.specifiers = new SpecifierReader(this);
    this.declarators = new DeclaratorReader(this);
    this.records = new RecordReader(this);
    this.enums = new EnumReader(this);
    this.constants = new Evaluator(this.specifiers);
  }
}
