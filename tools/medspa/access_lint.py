"""What anybody may call, and what is done past the rights: checks of the addons.

A public method of a model is a door for every user who can log in, patients too. One
that goes past the rights of its caller, or leaves that to a private method, checks them
first. Where visitors and patients come in, each `sudo()` says why.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

MODEL_BASES = {"Model", "TransientModel", "AbstractModel"}
# Calls that check, or that ask what the caller may do.
CHECKS = ("check_access", "has_access", "has_group", "_check_", "_get_membership")
# Private methods that look something up: the ORM decides what the caller sees.
LOOKS = ("_get_", "_for_xml_id", "_open", "_reopen", "_prepare_", "_is_", "_can_")
# Methods that core calls by these names, with its own checks around them.
CORE_NAMES = {
    "copy",
    "copy_data",
    "create",
    "default_get",
    "fields_get",
    "init",
    "name_create",
    "name_search",
    "onchange",
    "read",
    "unlink",
    "write",
}
# Doors that are open on purpose, with the reason.
OPEN: dict[str, str] = {}
# Where visitors and patients come in.
OUTER = ("controllers/", "models/portal/")


def run(addons: list[Path], files: list[Path]) -> list[str]:
    """Return what is wrong in the Python files of the addons.

    :param addons: folders of the addons
    :param files: all Python files
    """
    problems, used = [], set()
    for addon in addons:
        for path in sorted(files):
            if not path.is_relative_to(addon):
                continue
            inside = path.relative_to(addon).as_posix()
            if inside.startswith(("tests/", "migrations/")):
                continue
            source = path.read_text()
            tree = ast.parse(source)
            name = f"{addon.name}/{inside}"
            if inside.startswith(("models/", "wizards/", "report/")):
                for line, door in unchecked_methods(tree):
                    if door in OPEN:
                        used.add(door)
                    else:
                        problems.append(
                            f"{name}:{line}: {door} is public and checks no right: "
                            "begin with self.check_access(...), or with a _"
                        )
            if inside.startswith(OUTER):
                problems += [
                    f"{name}:{line}: sudo() without its reason on the line or above it"
                    for line in unexplained_sudo(tree, source.splitlines())
                ]
    problems += [
        f"{door} is open by name, and needs not be" for door in OPEN.keys() - used
    ]
    return problems


def unchecked_methods(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and name of the public methods of models that check nothing."""
    for cls in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        if not any(
            isinstance(base, ast.Attribute) and base.attr in MODEL_BASES
            for base in cls.bases
        ):
            continue
        for method in cls.body:
            if isinstance(method, ast.FunctionDef) and is_open(method):
                yield method.lineno, f"{cls.name}.{method.name}"


def is_open(method: ast.FunctionDef) -> bool:
    """Tell whether a method goes past the rights of whoever calls it, unasked."""
    if method.name.startswith("_") or method.name in CORE_NAMES:
        return False
    if any("private" in ast.unparse(line) for line in method.decorator_list):
        return False
    if any("property" in ast.unparse(line) for line in method.decorator_list):
        return False
    goes_past = False
    for call in (node for node in ast.walk(method) if isinstance(node, ast.Call)):
        name = called_name(call)
        if name.startswith(CHECKS):
            return False
        if name == method.name and "super()" in ast.unparse(call.func):
            return False
        is_private = name.startswith("_") and name != "_"
        if name == "sudo" or (is_private and not name.startswith(LOOKS)):
            goes_past = True
    return goes_past


def called_name(call: ast.Call) -> str:
    """Return the name of what is called."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def unexplained_sudo(tree: ast.Module, lines: list[str]) -> Iterator[int]:
    """Yield the lines of `sudo()` that no comment explains.

    The reason stands on the line, or above the line or its statement.
    """
    for statement, call in sudo_calls(tree):
        # The line of the dot, not of the beginning of a chain over several lines.
        line = call.func.end_lineno
        if not any(
            "#" in lines[number - 1]
            for number in (line, line - 1, statement.lineno, statement.lineno - 1)
            if number > 0
        ):
            yield line


def sudo_calls(tree: ast.Module) -> Iterator[tuple[ast.stmt, ast.Call]]:
    """Yield the calls of `sudo()`, each with the innermost statement it stands in."""
    innermost: dict[ast.Call, ast.stmt] = {}
    for statement in (node for node in ast.walk(tree) if isinstance(node, ast.stmt)):
        for node in ast.walk(statement):
            if (
                isinstance(node, ast.Call)
                and called_name(node) == "sudo"
                and not (node.args or node.keywords)
            ):
                # Outer statements are walked first.
                innermost[node] = statement
    for call, statement in innermost.items():
        yield statement, call
