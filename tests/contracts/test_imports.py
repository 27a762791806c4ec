from collections.abc import Sequence
from typing import Any

from grimp import ImportGraph
from importlinter import Contract

from tests.contracts.imports import OwnersContract, PurityContract


def _graph(*imports: tuple[str, str]) -> ImportGraph:
    graph = ImportGraph()
    for name in ("unit", "unit.sip"):
        graph.add_module(name)
    for importer, imported in imports:
        for name in (importer, imported):
            if name not in graph.modules:
                graph.add_module(name, is_squashed=not name.startswith("unit"))
        graph.add_import(importer=importer, imported=imported, line_number=1, line_contents="")
    return graph


def _broken(contract: type[Contract], graph: ImportGraph, **options: str | Sequence[str]) -> list[str]:
    found: Any = contract(name="test", session_options={}, contract_options=options).check(graph, verbose=False)
    assert found.kept == (not found.metadata["broken"])
    return list(found.metadata["broken"])


def _purity(*imports: tuple[str, str], io_modules: Sequence[str] = ()) -> list[str]:
    return _broken(
        PurityContract,
        _graph(*imports),
        packages=["unit.sip"],
        io_modules=[*io_modules],
        forbidden=["asyncio", "socket"],
    )


def test_a_pure_module_stays_so() -> None:
    assert _purity(("unit.sip.core", "re"), ("unit.sip.core", "unit.sip.dialog"), ("unit.app", "asyncio")) == []


def test_a_module_that_does_io_is_found() -> None:
    assert _purity(("unit.sip.core", "asyncio")) == ["unit.sip.core is not pure: unit.sip.core -> asyncio"]


def test_a_module_that_does_io_through_others_is_found() -> None:
    imports = (("unit.sip.core", "unit.tasks"), ("unit.tasks", "socket"))
    assert _purity(*imports) == ["unit.sip.core is not pure: unit.sip.core -> unit.tasks -> socket"]


def test_a_listed_module_excuses_nobody_who_imports_it() -> None:
    imports = (("unit.sip.transport", "asyncio"), ("unit.sip.core", "unit.sip.transport"))
    assert _purity(imports[0], io_modules=["unit.sip.transport"]) == []
    assert len(_purity(*imports, io_modules=["unit.sip.transport"])) == 1


def test_the_inventory_lists_nothing_that_is_pure_or_gone() -> None:
    imports = (("unit.sip.core", "re"), ("unit.sip.core", "asyncio"))
    assert _purity(imports[0], io_modules=["unit.sip.core"]) == ["unit.sip.core does no I/O: take it off io_modules"]
    assert _purity(imports[0], io_modules=["unit.sip.old"]) == ["unit.sip.old does not exist: take it off io_modules"]


def _owners(*imports: tuple[str, str]) -> list[str]:
    return _broken(OwnersContract, _graph(*imports), root="unit", owners=["websockets: unit.sip.transport unit.sim"])


def test_owners_import_their_library_and_anybody_what_comes_with_python() -> None:
    imports = (("unit.sip.transport", "websockets"), ("unit.sim.registrar", "websockets"), ("unit.sip.core", "re"))
    assert _owners(*imports, ("other.program", "numpy")) == []


def test_others_may_not() -> None:
    assert _owners(("unit.sip.core", "websockets"), ("unit.simple", "websockets")) == [
        "unit.simple imports websockets; its owner is unit.sip.transport unit.sim",
        "unit.sip.core imports websockets; its owner is unit.sip.transport unit.sim",
    ]


def test_a_library_without_an_owner_is_found() -> None:
    assert _owners(("unit.sip.core", "numpy")) == ["unit.sip.core imports numpy, which has no owner"]
