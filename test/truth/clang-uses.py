#!/usr/bin/python3
"""What clang's own AST says of who uses a member or a size: the truth that consumers are compared with.

  clang-uses.py SOURCE BUILD UNIT...     one JSON object a line: unit, file, line, function, kind, record, member

Every function body of the unit and of the headers it includes is visited. A typedef'd record without a tag is named by its typedef.
"""
import json
import os
import re
import sys
from ctypes import POINTER, byref, c_uint

import clang.cindex as ci

source, build, units = sys.argv[1], sys.argv[2], sys.argv[3:]
# The binding lacks this one.
ci.Config.set_library_file('/usr/lib/llvm-14/lib/libclang-14.so.1')
ci.conf.lib.clang_getFileLocation.argtypes = [ci.SourceLocation, POINTER(ci.c_object_p), POINTER(c_uint), POINTER(c_uint), POINTER(c_uint)]
arch = 'x86'
includes = [f'arch/{arch}/include', f'{build}/arch/{arch}/include/generated', 'include', f'{build}/include', f'arch/{arch}/include/uapi',
            f'{build}/arch/{arch}/include/generated/uapi', 'include/uapi', f'{build}/include/generated/uapi']
flags = ['-nostdinc', '-std=gnu11', '-fshort-wchar', '-D__KERNEL__', '-O2', '-m64', '-mno-sse', '-mcmodel=kernel', '-w', '-ferror-limit=0',
         '-include', 'include/linux/compiler-version.h', '-include', 'include/linux/kconfig.h', '-include', 'include/linux/compiler_types.h',
         '-DKBUILD_MODFILE="x"', '-DKBUILD_BASENAME="x"', '-DKBUILD_MODNAME="x"', '-D__KBUILD_MODNAME=kmod_x']
os.chdir(source)
K = ci.CursorKind


def record_name(decl):
    if decl is None:
        return None
    kind = 'union' if decl.kind == K.UNION_DECL else 'struct'
    name = decl.spelling
    if name and 'unnamed' not in name and 'anonymous' not in name:
        return name if kind == 'typedef' else f'{kind} {name}'
    t = decl.type.spelling
    if re.fullmatch(r'\w+', t):
        return t  # typedef struct { … } name
    parent = decl.semantic_parent  # an anonymous member: its members are the outer record's
    if parent is not None and parent.kind in (K.STRUCT_DECL, K.UNION_DECL):
        return record_name(parent)
    return None


def by_value(t):
    t = t.get_canonical()
    while t.kind in (ci.TypeKind.CONSTANTARRAY, ci.TypeKind.INCOMPLETEARRAY, ci.TypeKind.VARIABLEARRAY):
        t = t.element_type.get_canonical()
    return record_name(t.get_declaration()) if t.kind == ci.TypeKind.RECORD else None


def sizeof_operand(c):
    """The type that a sizeof measures: of its operand, or what its tokens name."""
    children = list(c.get_children())
    expressions = [x for x in children if x.kind.is_expression()]
    if expressions:
        t = expressions[0].type
        return t
    refs = [x for x in children if x.kind == K.TYPE_REF]
    tokens = [t.spelling for t in c.get_tokens()]
    if not refs or (tokens and (tokens[0] != 'sizeof' or '*' in tokens)):
        return None
    return refs[0].referenced.type


def target(t):
    """The record that a pointer counts in, or None."""
    t = t.get_canonical()
    return by_value(t.get_pointee()) if t.kind == ci.TypeKind.POINTER else None


def stepped(c):
    """The record whose size an operator depends on that spells no sizeof: p[i], p + 1, p - q, p++, *p = *q."""
    if c.kind == K.ARRAY_SUBSCRIPT_EXPR or (c.kind == K.BINARY_OPERATOR and by_value(c.type)):
        return by_value(c.type)
    if c.kind == K.COMPOUND_ASSIGNMENT_OPERATOR:
        return target(c.type)
    operands = [x.type.get_canonical() for x in c.get_children()]
    if c.kind == K.UNARY_OPERATOR:  # `*pp` and `&x` have another type than their operand
        return target(c.type) if operands and operands[0] == c.type.get_canonical() else None
    if c.kind != K.BINARY_OPERATOR or len(operands) != 2:
        return None
    pointers = [t for t in operands if t.kind == ci.TypeKind.POINTER]
    if len(pointers) == 2:  # comparisons are int
        return target(pointers[0]) if c.type.get_canonical().kind == ci.TypeKind.LONG else None
    # An assignment's other side may be of a kind that the binding does not know.
    numbers = [t for t in operands if ci.TypeKind.BOOL.value <= t.kind.value <= ci.TypeKind.INT128.value or t.kind == ci.TypeKind.ENUM]
    is_sum = len(pointers) == 1 and len(numbers) == 1 and c.type.get_canonical().kind == ci.TypeKind.POINTER
    return target(pointers[0]) if is_sum else None


def visit(c, function, out, parent=None):
    kind = c.kind
    if kind == K.FUNCTION_DECL:
        function = c.spelling
    if kind == K.MEMBER_REF_EXPR:
        field = c.referenced
        if field is not None and field.kind == K.FIELD_DECL:
            out('access', c, function, record_name(field.semantic_parent), c.spelling)
    elif kind == K.MEMBER_REF:  # offsetof, and .name = … of an initialiser
        field = c.referenced
        if field is not None and field.kind == K.FIELD_DECL:
            out('access', c, function, record_name(field.semantic_parent), field.spelling)
    elif kind == K.VAR_DECL and c.storage_class != ci.StorageClass.EXTERN:
        out('define', c, function, by_value(c.type), None)
    elif kind == K.PARM_DECL and parent is not None and parent.kind == K.FUNCTION_DECL and parent.is_definition():
        out('define', parent, function, by_value(c.type), None)
    elif kind == K.COMPOUND_LITERAL_EXPR:
        out('define', c, function, by_value(c.type), None)
    elif kind in (K.ARRAY_SUBSCRIPT_EXPR, K.BINARY_OPERATOR, K.UNARY_OPERATOR, K.COMPOUND_ASSIGNMENT_OPERATOR):
        out('sizeof', c, function, stepped(c), None)
    elif kind == K.CXX_UNARY_EXPR:
        sized = sizeof_operand(c)
        if sized is not None:
            out('sizeof', c, function, by_value(sized), None)
    for child in c.get_children():
        visit(child, function, out, c)


for unit in units:
    index = ci.Index.create()
    args = flags + [a for i in includes for a in ('-I', i)]
    try:
        tu = index.parse(unit, args=args)
    except ci.TranslationUnitLoadError as e:
        print(json.dumps({'unit': unit, 'error': str(e)}))
        continue
    errors = [d for d in tu.diagnostics if d.severity >= 3]
    print(json.dumps({'unit': unit, 'errors': len(errors), 'first': str(errors[0]) if errors else None}))

    def out(kind, cursor, function, record, member):
        # clang writes out the step into an anonymous member, which has no name.
        if record is None or member == '':
            return
        # A macro's argument has its own place; what a macro's body does stands where the macro is used.
        file, line = ci.c_object_p(), c_uint()
        ci.conf.lib.clang_getFileLocation(cursor.location, byref(file), byref(line), None, None)
        if not file:
            return
        where = ci.File(file)
        name = os.path.normpath(os.path.relpath(where.name, source) if where.name.startswith('/') else where.name)
        print(json.dumps({'unit': unit, 'kind': kind, 'file': name, 'line': line.value, 'function': function, 'record': record, 'member': member}))

    for cursor in tu.cursor.get_children():
        if cursor.kind in (K.FUNCTION_DECL, K.VAR_DECL):
            visit(cursor, None, out, None)
