"""Holds guest code to the rule sets of rules.toml: syntax, names and imports that have no place in it."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
RULES = Path(__file__).with_name("rules.toml")


@dataclass(frozen=True)
class RuleSet:
    """What the files that match `files`, and none of `exempt`, may not contain."""

    name: str
    files: tuple[str, ...]
    exempt: tuple[str, ...] = ()
    syntax: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()

    def holds_in(self, path: str) -> bool:
        """Whether the rule set governs `path`, given relative to the root with forward slashes."""
        return any(fnmatch(path, each) for each in self.files) and not any(fnmatch(path, each) for each in self.exempt)


@dataclass(frozen=True)
class Finding:
    """One breach of one rule set."""

    line: int
    what: str


def syntax_of(node: ast.AST) -> str | None:
    """The name that rules.toml has for what `node` is, if it has one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, float):
        return "float literal"
    if isinstance(node, ast.Constant) and isinstance(node.value, complex):
        return "complex literal"
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        return "true division"
    if isinstance(node, ast.Assert):
        return "assert"
    if isinstance(node, ast.JoinedStr):
        return "f-string"
    if isinstance(node, ast.Match):
        return "match"
    if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
        return "star import"
    return None


SYNTAX = frozenset(
    ("float literal", "complex literal", "true division", "assert", "f-string", "match", "star import"),
)


def names_in(node: ast.AST) -> Iterator[str]:
    """The name that `node` itself uses or binds, be it plain or an attribute."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr


def imports_in(node: ast.AST) -> Iterator[str]:
    """Every module that `node` itself may import: `from a import b` may mean a and a.b."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        for alias in node.names:
            yield f"{node.module}.{alias.name}"
    elif isinstance(node, ast.Call) and "__import__" in names_in(node.func):
        yield from (str(each.value) for each in node.args[:1] if isinstance(each, ast.Constant))


def is_type_checking(node: ast.AST) -> bool:
    """Whether `node` is an `if TYPE_CHECKING:`, whose body never runs."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in names_in(node.test)


def running_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node of `tree` that can run: not the body of `if TYPE_CHECKING:`. An else branch runs."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and is_type_checking(child):
            for branch in child.orelse:
                yield from running_nodes(branch)
        else:
            yield from running_nodes(child)


def findings(source: str, rules: RuleSet) -> list[Finding]:
    """Every breach of `rules` in `source`, in the order of lines."""
    found: set[tuple[int, str]] = set()
    for node in running_nodes(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        syntax = syntax_of(node)
        if syntax in rules.syntax:
            found.add((line, syntax or ""))
        found.update((line, f"the name {name}") for name in names_in(node) if name in rules.names)
        for module in imports_in(node):
            if any(module == each or module.startswith(each + ".") for each in rules.imports):
                found.add((line, f"the import of {module}"))
    return [Finding(line, what) for line, what in sorted(found)]


def load(path: Path = RULES) -> list[RuleSet]:
    """The rule sets of `path`. Raises ValueError on a syntax that no rule can find, which would never fail."""
    rule_sets = [
        RuleSet(
            name=entry.pop("name"),
            files=tuple(entry.pop("files")),
            exempt=tuple(entry.pop("except", ())),
            syntax=frozenset(entry.pop("syntax", ())),
            names=frozenset(entry.pop("names", ())),
            imports=frozenset(entry.pop("imports", ())),
        )
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["rules"]
    ]
    for rules in rule_sets:
        if not rules.syntax <= SYNTAX:
            raise ValueError(f"{path.name}: {rules.name}: no such syntax: {', '.join(sorted(rules.syntax - SYNTAX))}")
    return rule_sets


def check(root: Path, rule_sets: list[RuleSet]) -> tuple[int, list[str]]:
    """How many files were read under `root`, and one line for each breach; a rule set that governs no file is one."""
    paths = sorted(
        path.relative_to(root).as_posix() for top in ("device", "tools") for path in root.glob(f"{top}/**/*.py")
    )
    read: set[str] = set()
    lines: list[str] = []
    for rules in rule_sets:
        governed = [path for path in paths if rules.holds_in(path)]
        read.update(governed)
        if not governed:
            lines.append(f"rules.toml: {rules.name}: governs no file")
        for path in governed:
            source = (root / path).read_text(encoding="utf-8")
            lines += [f"{path}:{each.line}: {each.what} ({rules.name})" for each in findings(source, rules)]
    return len(read), lines


def main() -> int:
    """Check the repository; 1 if anything was found."""
    count, lines = check(ROOT, load())
    for line in lines:
        print(line)
    print(f"guest code: {count} files read, {len(lines)} breaches of the rules")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
