/**
 * A type without its typedefs and qualifiers: what two callers must agree on. `gdma_obj_handle_t` and `u64` are one; so are `const char *` and
 * `char *`. A typedef of a type without a tag stays, it is that type's only name.
 */
import { stripped, type Type } from './type.js';

export function plainType(type: Type, depth = 0): Type {
  if (depth > 20) return type;
  switch (type.kind) {
    case 'typedef': {
      const inner = stripped(type);
      const untagged =
        (inner.kind === 'struct' || inner.kind === 'union' || inner.kind === 'enum') && inner.tag === null;
      return untagged ? type : plainType(type.type, depth + 1);
    }
    case 'qualified':
      return plainType(type.type, depth + 1);
    case 'pointer':
      return { ...type, to: plainType(type.to, depth + 1) };
    case 'array':
      return { ...type, element: plainType(type.element, depth + 1) };
    case 'function':
      return {
        ...type,
        returns: plainType(type.returns, depth + 1),
        parameters: type.parameters.map((one) => ({ ...one, type: plainType(one.type, depth + 1) })),
      };
    default:
      return type;
  }
}
