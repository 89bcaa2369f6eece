"""Ten questions about the house: `python benchmarks/house.py [SRC ...]`, each the `src/patron` of a commit."""

import ast
import re
import sys
from collections import Counter
from pathlib import Path
from statistics import median, quantiles

FILLER = {"made", "found", "told", "asked", "one"}
TIMES = {"at", "known_at"}
ENGINES = {"duckdb", "pyspark"}


def figures(src: Path) -> dict[str, str]:
    trees = {path.relative_to(src).as_posix(): ast.parse(path.read_text()) for path in sorted(src.rglob("*.py"))}
    functions = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    bodies = sorted(body(node) for node in functions)
    raises = [node for tree in trees.values() for node in ast.walk(tree) if is_sentence(node)]
    parameters = Counter(a.arg for f in functions for a in f.args.args if a.arg not in ("self", "cls"))
    top = [path for path in src.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    compared = {name for name, tree in trees.items() if any(compares_time(node) for node in ast.walk(tree))}
    engines = {name for name, tree in trees.items() if any(names_engine(node) for node in ast.walk(tree))}
    filler = Counter(name for tree in trees.values() for name in bound(tree) if name in FILLER)
    kinds = [hit for path in src.rglob("*.py") for hit in dispatches(path)]
    return {
        "1 map: public names, entries of the top level": f"{public(trees['__init__.py'])}, {len(top)}",
        "2 longest function; 90th percentile; median (lines of body)": (
            f"{bodies[-1]}; {quantiles(bodies, n=10)[-1]:.0f}; {median(bodies):.0f}"
        ),
        "3 modules; longest module; lines": (
            f"{len(trees)}; {max(lines(src / name) for name in trees)}; {sum(lines(src / name) for name in trees):,}"
        ),
        "5 modules that order an event's time against something": listed(compared),
        "6 messages; with the value; with a way out": sentences(raises),
        "7 most frequent parameters": ", ".join(f"{name} {n}" for name, n in parameters.most_common(5)),
        "8 modules that name an engine": listed(engines),
        "10 names that say nothing (made, found, told, asked, one)": f"{sum(filler.values())}: {dict(filler)}",
        "kinds of question compared or dispatched on": f"{len(kinds)} places in {len(set(kinds))} modules",
        "dict[str, Any]": str(sum(path.read_text().count("dict[str, Any]") for path in src.rglob("*.py"))),
    }


def body(node: ast.FunctionDef) -> int:
    """Lines of a function below its signature and docstring."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1


def is_sentence(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and bool(node.exc.args)


def sentences(raises: list[ast.Raise]) -> str:
    texts = [node.exc.args[0] for node in raises]  # type: ignore[union-attr]
    shown = sum(any(isinstance(part, ast.FormattedValue) for part in ast.walk(text)) for text in texts)
    ways = sum(len(re.findall(r"[.:;?] ", ast.unparse(text))) > 0 for text in texts)
    return f"{len(texts)}; {100 * shown / len(texts):.0f} %; {100 * ways / len(texts):.0f} %"


def compares_time(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare):
        return False
    ordered = any(isinstance(o, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for o in node.ops)
    return ordered and any(is_time(side) for side in (node.left, *node.comparators))


def is_time(side: ast.expr) -> bool:
    if isinstance(side, ast.Subscript):
        return isinstance(side.slice, ast.Constant) and side.slice.value in TIMES
    return getattr(side, "attr", getattr(side, "id", None)) in TIMES


def names_engine(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] in ENGINES for alias in node.names)
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ENGINES


def bound(tree: ast.AST) -> list[str]:
    """Return every name that is given to something."""
    names = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    names += [n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)]
    return names + [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)]


def dispatches(path: Path) -> list[str]:
    kind = re.compile(r"""\[["']kind["']\] [!=]=|isinstance\([^()]*,[^()]*\b(Churn|NextPurchase|Tier|Panel)\b""")
    return [path.as_posix()] * len(kind.findall(path.read_text())) if "serving" not in path.parts else []


def public(tree: ast.Module) -> int:
    homes = (
        n.value for n in ast.walk(tree) if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "_HOME"
    )
    return len(next(homes).keys)  # type: ignore[attr-defined]


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def listed(names: set[str]) -> str:
    return f"{len(names)}: {', '.join(sorted(names))}"


if __name__ == "__main__":
    for src in sys.argv[1:] or ["src/patron"]:
        print(f"\n{src}")
        for question, answer in figures(Path(src)).items():
            print(f"  {question:<62} {answer}")
