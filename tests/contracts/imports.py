"""Two contracts of import-linter's that it does not bring along; `[tool.importlinter]` in pyproject.toml uses them."""

import sys
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class PurityContract(Contract):
    """Every module of `packages` is pure unless it stands in `io_modules`.

    Pure: no chain of imports leads from it to one of the `forbidden` modules, through whatever it passes. An entry of
    `io_modules` that is gone, or pure itself, breaks the contract too, so that the list stays the inventory of I/O.
    """

    type_name = "purity"

    packages = fields.ListField(subfield=fields.StringField())
    io_modules = fields.ListField(subfield=fields.StringField())
    forbidden = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 -- the base class's signature
        """Look for a chain from each pure module, and for entries that are not needed."""
        forbidden = [name for name in _names(self.forbidden) if name in graph.modules]
        io_modules = _names(self.io_modules)
        broken = []
        for module in sorted(self._modules(graph)):
            chains = [graph.find_shortest_chain(module, name) for name in forbidden]
            shortest = min(filter(None, chains), key=len, default=None)
            if module in io_modules and shortest is None:
                broken.append(f"{module} does no I/O: take it off io_modules")
            elif module not in io_modules and shortest is not None:
                broken.append(f"{module} is not pure: {' -> '.join(shortest)}")
        broken += [f"{name} does not exist: take it off io_modules" for name in io_modules if name not in graph.modules]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print what `check` found."""
        _print(check)

    def _modules(self, graph: ImportGraph) -> set[str]:
        packages = [package for package in _names(self.packages) if package in graph.modules]
        return {*packages, *(module for package in packages for module in graph.find_descendants(package))}


class OwnersContract(Contract):
    """Each library is imported by its owners alone, and none without one.

    An entry of `owners` is `library: module module…`; a package owns for everything in it. What comes with Python needs
    no owner.
    """

    type_name = "owners"

    root = fields.StringField()
    owners = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 -- the base class's signature
        """Look at who imports each library."""
        rows = [row.partition(":") for row in _names(self.owners)]
        owners = {library: modules.split() for library, _, modules in rows}
        broken = []
        for library in sorted(graph.modules):
            name = library.partition(".")[0]
            if not graph.is_module_squashed(library) or name in sys.stdlib_module_names:
                continue
            for importer in sorted(graph.find_modules_that_directly_import(library)):
                if not importer.startswith(f"{self.root}."):
                    continue
                if name not in owners:
                    broken.append(f"{importer} imports {name}, which has no owner")
                elif not any(importer == owner or importer.startswith(f"{owner}.") for owner in owners[name]):
                    broken.append(f"{importer} imports {name}; its owner is {' '.join(owners[name])}")
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print what `check` found."""
        _print(check)


def _names(value: object) -> list[str]:
    # A field's class says nothing of the type its values have once they are read.
    return cast("list[str]", value)


def _print(check: ContractCheck) -> None:
    for line in check.metadata["broken"]:
        output.print_error(f"- {line}", bold=False)
    output.new_line()
