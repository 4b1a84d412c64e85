# mypy: disable-error-code="untyped-decorator"
"""Machine instructions that numba has no name for: bit counts, prefetch, and a vector compare.

They are written in LLVM's portable terms, so that every processor gets its own best form of them.
Importing this module imports numba, which takes half a second and some 60 MB: only `ring` and
`crossing` do.
"""

from typing import Any

import numba.extending
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils

# Numba's own types describe Python's side of a compiled function, not what it compiles.
compiled: Any = numba.njit
intrinsic: Any = numba.extending.intrinsic
get_item_pointer: Any = cgutils.get_item_pointer

LANES = 32  # entries that are compared at once
_NEAR = 1  # prefetch into the second level: hundreds are asked for before the first is read


@intrinsic
def popcount64(typing: Any, x: Any) -> Any:
    """Bits set in 64."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), code


@intrinsic
def popcount32(typing: Any, x: Any) -> Any:
    """Bits set in 32."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint32(types.uint32), code


@intrinsic
def lowest_set64(typing: Any, x: Any) -> Any:
    """The place of the lowest bit that is set, of 64; undefined for 0."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), code


@intrinsic
def lowest_set(typing: Any, x: Any) -> Any:
    """The place of the lowest bit that is set; undefined for 0."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint32(types.uint32), code


def _pointer(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    made = context.make_array(kind)(context, builder, array)
    return get_item_pointer(context, builder, kind, made, [at], wraparound=False)


def _function(builder: Any, name: str, kind: Any) -> Any:
    known = builder.module.globals.get(name)
    return known or ir.Function(builder.module, kind, name=name)


def _splat(builder: Any, vector: Any, x: Any) -> Any:
    none = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(none, x, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(one, none, zeros)


@intrinsic
def prefetch(typing: Any, array: Any, at: Any) -> Any:
    """Ask for the memory of `array[at]` (of one dimension) before it is needed. Never fails."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        place = _pointer(context, builder, signature.args[0], args[0], args[1])
        call = _function(builder, "llvm.prefetch.p0", kind)
        builder.call(call, [builder.bitcast(place, byte), number(0), number(3), number(_NEAR)])
        return context.get_dummy_value()

    return types.void(array, types.intp), code


@intrinsic
def within_budget(typing: Any, array: Any, at: Any, word: Any, budget: Any) -> Any:
    """Which of the `LANES` uint16 from `array[at]` differ from `word` in at most `budget` bits.

    Bit i of the answer is for `array[at + i]`; all `LANES` entries must lie within the array.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(ir.IntType(16), LANES)
        place = _pointer(context, builder, signature.args[0], args[0], args[1])
        entries = builder.load(builder.bitcast(place, vector.as_pointer()))
        entries.align = 2
        count = _function(builder, f"llvm.ctpop.v{LANES}i16", ir.FunctionType(vector, [vector]))
        apart = builder.call(count, [builder.xor(entries, _splat(builder, vector, args[2]))])
        fits = builder.icmp_unsigned("<=", apart, _splat(builder, vector, args[3]))
        return builder.bitcast(fits, ir.IntType(LANES))

    return types.uint32(array, types.intp, types.uint16, types.uint16), code


@intrinsic
def which_set(typing: Any, array: Any) -> Any:
    """Which of the first 64 uint32 are not 0: bit i of the answer is for `array[i]`."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(ir.IntType(32), 64)
        place = _pointer(context, builder, signature.args[0], args[0], ir.IntType(64)(0))
        numbers = builder.load(builder.bitcast(place, vector.as_pointer()))
        numbers.align = 4
        told = builder.icmp_unsigned("!=", numbers, ir.Constant(vector, None))
        return builder.bitcast(told, ir.IntType(64))

    return types.uint64(array), code


@intrinsic
def copy_four(typing: Any, source: Any, at: Any, target: Any, to: Any, more: Any) -> Any:
    """Four uint64 from `source[at]` to `target[to]`, each with the bits of `more` set."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(ir.IntType(64), 4)
        read = _pointer(context, builder, signature.args[0], args[0], args[1])
        four = builder.load(builder.bitcast(read, vector.as_pointer()))
        four.align = 8
        made = builder.or_(four, _splat(builder, vector, args[4]))
        written = _pointer(context, builder, signature.args[2], args[2], args[3])
        builder.store(made, builder.bitcast(written, vector.as_pointer())).align = 8
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp, types.uint64), code
