"""The small changes that make mutants of a module, each found by the number of its node and of the change."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROLES: Final = ("anyone", "viewer", "developer", "maintainer", "admin", "owner", "root")
REASONED: Final = frozenset({"Denial", "void", "carried"})
"""Calls whose first word is a reason: part of a verdict, unlike other words."""

_FLIPS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.RShift: ast.LShift,
    ast.LShift: ast.RShift,
    ast.Mod: ast.Mult,
}
_TWINS: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}
VARIANTS: Final = 3
"""How many changes a node can have."""


class Mutant(NamedTuple):
    """One change of one module: its file, the numbers that find it, its line, and the code before and after.

    `within` is the function, as `Court.add`, or nothing for what runs at import; `nth` counts equal changes there.
    """

    path: str
    node: int
    variant: int
    line: int
    before: str
    after: str
    within: str = ""
    nth: int = 1

    @property
    def words(self) -> str:
        """The change on one line."""
        return f"`{self.before}` → `{self.after}`"

    @property
    def name(self) -> str:
        """What it is called for as long as its function says the same, wherever that stands."""
        nth = f" ({self.nth})" if self.nth > 1 else ""
        return f"{self.path}:{self.within or 'import'}: {self.before} → {self.after}{nth}"


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a module."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for number, (node, within) in enumerate(_nodes(ast.parse(source))):
        for variant in range(VARIANTS):
            changed = copy.copy(node)  # changes replace what a node holds, and change nothing in there
            if _change(changed, variant):
                words = (within, _shown(node), _shown(changed))
                counts[words] += 1
                yield Mutant(path, number, variant, _line_of(node), *words[1:], within, counts[words])


def _line_of(node: ast.AST) -> int:
    match node:
        case ast.comprehension(target=target):
            return target.lineno
        case ast.match_case(pattern=pattern):
            return pattern.lineno
        case _:
            return getattr(node, "lineno", 0)


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """The module with its change."""
    tree = ast.parse(source)
    changed = _change(_nodes(tree)[mutant.node][0], mutant.variant)
    assert changed, "mutants of this very source"
    return ast.fix_missing_locations(tree)


def _nodes(tree: ast.Module) -> list[tuple[ast.AST, str]]:
    """The nodes in the order of the text, each with the function it is in.

    What does nothing when it runs is left out: types, and assertions of our own.
    """
    found: list[tuple[ast.AST, str]] = []
    ahead: list[tuple[ast.AST, str, str]] = [(tree, "", "")]
    while ahead:
        node, name, within = ahead.pop()
        found.append((node, within))
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = f"{name}.{node.name}".lstrip(".")
        for child in reversed([child for child in ast.iter_child_nodes(node) if not _idle(child, node)]):
            # What is a default or a decorator is worked out at import.
            inside = isinstance(node, ast.FunctionDef) and not isinstance(child, ast.arguments) and not within
            ahead.append((child, name, name if inside else within))
    return found


def _idle(child: ast.AST, parent: ast.AST) -> bool:
    match child:
        case ast.Assert():
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.Raise():
            return True
        case ast.ClassDef(bases=bases) if any(isinstance(base, ast.Name) and base.id == "Protocol" for base in bases):
            return True
        case ast.expr() if isinstance(parent, ast.arg) or child is getattr(parent, "annotation", None):
            return True
        case ast.expr() if child is getattr(parent, "returns", None) or child in getattr(parent, "decorator_list", ()):
            return True
        case _:
            return False


def _change(node: ast.AST, variant: int) -> bool:
    """Change a node in place; whether there was anything to change."""
    match node:
        case ast.Compare(ops=[op]):
            return _pick(node, "ops", [[flip()] for flip in _FLIPS[type(op)]], variant)
        case ast.BoolOp(op=op, values=values) if variant == 0:
            node.op = ast.Or() if isinstance(op, ast.And) else ast.And()
            return bool(values)
        case ast.BoolOp(values=values):
            left = values[1:] if variant == 1 else values[:-1]
            node.values = left if len(left) > 1 else [*left, *left]
            return True
        case ast.UnaryOp(op=ast.Not()):
            return _pick(node, "operand", [ast.UnaryOp(ast.Not(), node.operand)], variant)
        case ast.Constant():
            return _pick(node, "value", _other_constants(node.value), variant)
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in _OPERATORS and not _of_types(node) and variant == 0:
            node.op = _OPERATORS[type(op)]()
            return True
        case _:
            return _change_flow(node, variant)


def _change_flow(node: ast.AST, variant: int) -> bool:
    """Like `_change`, for what decides where the code goes and what it gives back."""
    match node:
        case ast.If(test=test):
            return _pick(node, "test", [ast.Constant(False), ast.UnaryOp(ast.Not(), test)][: 1 + _plain(test)], variant)
        case ast.IfExp(body=body, orelse=orelse):
            if variant == 0:
                node.body, node.orelse = orelse, body
            return variant == 0
        case ast.Return(value=ast.Name() | ast.Call() | ast.Attribute() | ast.Subscript() | ast.Tuple()):
            return _pick(node, "value", [ast.Constant(None)], variant)
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()):
            return _pick(node, "value", [ast.Constant(None)], variant)
        case ast.comprehension(ifs=[_, *_]):
            return _pick(node, "ifs", [[]], variant)
        case ast.Call(func=ast.Name(id=name)) if name in _TWINS:
            return _pick(node, "func", [ast.Name(_TWINS[name], ast.Load())], variant)
        case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str() as word), *_]) if name in REASONED:
            return _pick(node, "args", [[ast.Constant(f"{word}?"), *node.args[1:]]], variant)
        case ast.match_case(guard=ast.expr()):
            return _pick(node, "guard", [None], variant)
        case ast.AugAssign() if variant == 1:
            return _leave_out(node)
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) if variant == 0:
            return _leave_out(node)
        case ast.Continue() | ast.Break() | ast.Delete() if variant == 0:
            return _leave_out(node)
        case _:
            return False


def _leave_out(statement: ast.AST) -> bool:
    statement.__class__ = ast.Pass  # its parent need not be known that way
    return True


def _pick(node: ast.AST, field: str, others: Sequence[object], variant: int) -> bool:
    if variant >= len(others):
        return False
    setattr(node, field, others[variant])
    return True


def _other_constants(value: object) -> list[object]:
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1]
        case str() if value in ROLES:
            place = ROLES.index(value)
            return [role for at, role in enumerate(ROLES) if abs(at - place) == 1]
        case _:
            return []


def _plain(test: ast.expr) -> bool:
    """Whether a condition has no change of its own that turns it round."""
    return not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp)


def _of_types(node: ast.AST) -> bool:
    """Whether `A | B` are types, in `isinstance`."""
    match node:
        case ast.BinOp(left=ast.Name(id=left), right=ast.Name(id=right)):
            return left[:1].isupper() and right[:1].isupper()
        case _:
            return False


def _shown(node: ast.AST) -> str:
    """A node's code, of a compound statement its first line, and where a statement is left out that."""
    match node:
        case ast.Pass():
            return "nothing"
        case ast.comprehension():
            text = f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}"
            return text + "".join(f" if {ast.unparse(each)}" for each in node.ifs)
        case ast.match_case():
            guard = f" if {ast.unparse(node.guard)}" if node.guard else ""
            return f"case {ast.unparse(node.pattern)}{guard}"
        case ast.If(test=test):
            return f"if {ast.unparse(test)}"
        case _:
            text = " ".join(ast.unparse(node).split())
            return text if len(text) <= 110 else f"{text[:107]}…"
