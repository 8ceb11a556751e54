"""Small changes of a module, one at a time: a boundary, a constant, an operator, a branch. Pure."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

_BOUNDARIES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_EXTREMES = {"max": "min", "min": "max", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """One change of one module.

    Attributes:
        module: its dotted name.
        place: the changed node's number in the order of `ast.walk`.
        variant: which of the node's changes.
        line: in the source.
        before: the node as it was.
        after: and as it is.
    """

    module: str
    place: int
    variant: int
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}  {self.before}  →  {self.after}"


def mutants(module: str, source: str) -> list[Mutant]:
    """Every change of a module."""
    tree = ast.parse(source)
    passed_over = _no_rules(tree)
    return [
        Mutant(module, place, variant, getattr(node, "lineno", 0), _shown(node), _shown(changed))
        for place, node in enumerate(ast.walk(tree))
        if id(node) not in passed_over
        for variant, changed in enumerate(_changes(node))
    ]


def plant(source: str, mutant: Mutant) -> ast.Module:
    """The module with the change in it."""
    tree = ast.parse(source)
    node = list(ast.walk(tree))[mutant.place]
    changed = list(_changes(node))[mutant.variant]
    _Swap(node, ast.copy_location(changed, node)).visit(tree)
    return ast.fix_missing_locations(tree)


class _Swap(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self._new if node is self._old else self.generic_visit(node)


def _no_rules(tree: ast.Module) -> set[int]:
    """What decides nothing: annotations, decorators, and what goes into the text of an error."""
    found: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        match node:
            case ast.FunctionDef():
                parts = [node.returns, *node.decorator_list]
            case ast.ClassDef():
                parts = [*node.decorator_list]
            case ast.arg() | ast.AnnAssign():
                parts = [node.annotation]
            case ast.Raise() | ast.JoinedStr() | ast.Assert():
                parts = [node]
        found |= {id(inner) for part in parts if part for inner in ast.walk(part)}
    return found


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    yield from _logic(node)
    yield from _values(node)


def _logic(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.If(body=body, orelse=orelse):
            yield ast.If(ast.Constant(value=True), body, orelse)
            yield ast.If(ast.Constant(value=False), body, orelse)
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            for place, operator in enumerate(ops):
                other = _BOUNDARIES[type(operator)]()
                yield ast.Compare(left, [*ops[:place], other, *ops[place + 1 :]], comparators)
        case ast.BoolOp(op=operator, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand


def _values(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _ARITHMETIC:
            yield ast.BinOp(left, _ARITHMETIC[type(operator)](), right)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in _EXTREMES:
            yield ast.Call(ast.Name(_EXTREMES[name], ast.Load()), args, keywords)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=float() as value):
            yield ast.Constant(value * 1.5 if value else 1.0)
            if value:
                yield ast.Constant(value * 0.5)


def _shown(node: ast.AST) -> str:
    """Of a branch only its condition."""
    return f"if {ast.unparse(node.test)}" if isinstance(node, ast.If) else ast.unparse(node)
