"""Arithmetic on findings: numbers, names, + - * / **, brackets, min, max and abs. Nothing else can be said, so nothing else can run."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tocsin.errors import FindingError, did_you_mean

LONGEST = 500
MOST_POWER = 64

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_FUNCTIONS: Mapping[str, Callable[..., float]] = {"min": min, "max": max, "abs": abs}


@dataclass(frozen=True)
class Expression:
    """Arithmetic, read and found to hold nothing but what is allowed."""

    text: str
    tree: ast.expr

    @property
    def names(self) -> tuple[str, ...]:
        """Names of findings that it uses, in the order of their first use."""
        return tuple(dict.fromkeys(_names(self.tree)))


def parse(text: str, *, where: str = "") -> Expression:
    """Read arithmetic.

    Raises:
        FindingError: it says something that is not arithmetic; with the column.
    """
    if len(text) > LONGEST:
        raise FindingError(
            f"is longer than {LONGEST} characters", where=where, next_step="Define a finding for a part of it."
        )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise FindingError(
            f'"{text}" is not arithmetic',
            where=where,
            next_step="Write it as in (before.mean - after.mean) / before.mean",
        ) from error
    _allow(tree, text, where)
    return Expression(text.strip(), tree)


def evaluate(expression: Expression, values: Mapping[str, float]) -> float:
    """The value of an expression.

    Args:
        values: The value of each finding by name.

    Raises:
        FindingError: a division by zero, a name without a value, or a result that is no finite number.
    """
    try:
        result = _value(expression.tree, values)
    except ZeroDivisionError as error:
        raise FindingError(f"{expression.text} divides by zero") from error
    except OverflowError as error:
        raise FindingError(f"{expression.text} is too large a number") from error
    if isinstance(result, complex) or not math.isfinite(result):
        raise FindingError(f"{expression.text} is no finite number")
    return result


def _allow(node: ast.expr, text: str, where: str) -> None:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float()):
            return None
        case ast.Name() | ast.Attribute() if _dotted(node):
            return None
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=inner):
            return _allow(inner, text, where)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _allow(left, text, where)
            return _allow(right, text, where)
        case ast.Call(func=ast.Name(id=name), args=[*args], keywords=[]) if name in _FUNCTIONS and args:
            for each in args:
                _allow(each, text, where)
            return None
        case ast.Call(func=ast.Name(id=name)) if name not in _FUNCTIONS:
            raise FindingError(
                f'"{name}" is no function of arithmetic', where=where, next_step=did_you_mean(name, _FUNCTIONS)
            )
    part = ast.get_source_segment(text.strip(), node) or text
    raise FindingError(
        f'"{part}" is not arithmetic (column {node.col_offset + 1} of "{text}")',
        where=where,
        next_step="Allowed: numbers, names of findings, + - * / **, brackets, min, max, abs.",
    )


def _names(node: ast.expr) -> list[str]:
    match node:
        case ast.Name() | ast.Attribute():
            return [_dotted(node)]
        case ast.UnaryOp(operand=inner):
            return _names(inner)
        case ast.BinOp(left=left, right=right):
            return [*_names(left), *_names(right)]
        case ast.Call(args=args):
            return [name for each in args for name in _names(each)]
    return []


def _dotted(node: ast.expr) -> str:
    """The name "before.mean" of the nodes that it is parsed to, or an empty text."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=name) if _dotted(inner):
            return f"{_dotted(inner)}.{name}"
    return ""


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            # A whole number would be raised to a power figure by figure: with several powers in a row, for hours.
            return float(number)
        case ast.Name() | ast.Attribute():
            name = _dotted(node)
            if name not in values:
                raise FindingError(f'"{name}" has no value')
            return values[name]
        case ast.UnaryOp(op=op, operand=inner):
            return -_value(inner, values) if isinstance(op, ast.USub) else _value(inner, values)
        case ast.BinOp(left=left, op=op, right=right):
            one, other = _value(left, values), _value(right, values)
            if isinstance(op, ast.Pow) and abs(other) > MOST_POWER:
                raise OverflowError
            return _OPERATORS[type(op)](one, other)
        case ast.Call(func=ast.Name(id=name), args=args):
            return _FUNCTIONS[name](*(_value(each, values) for each in args))
    raise AssertionError(node)
