"""Imports the code of a benchmark."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from .place import module_of, project_of, roots_of

_imported: dict[Path, ModuleType] = {}


def is_imported(file: Path) -> bool:
    """Returns whether this process has imported the file."""
    return file in _imported


def import_file(file: Path) -> ModuleType:
    """Imports a file under the name that it has in its package, with its project first on `sys.path`.

    Raises whatever the file raises.
    """
    if file in _imported:
        return _imported[file]
    os.chdir(project_of(file))
    for root in roots_of(file):
        # The project comes first, so that a revision finds its own code and not that of an editable installation.
        if str(root) in sys.path:
            sys.path.remove(str(root))
        sys.path.insert(0, str(root))
    name = module_of(file)
    package = name.rpartition(".")[0]
    if package:
        importlib.import_module(package)
    known = sys.modules.get(name)
    if known is None and importlib.util.find_spec(name) is not None:
        module = importlib.import_module(name)
        if _is_of(module, file):
            _imported[file] = module
            return module
    # The name may be that of another module, such as `json`.
    name = name if name not in sys.modules else f"bench_models_file_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported: its name does not end with `.py`")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    _imported[file] = module
    return module


def _is_of(module: ModuleType, file: Path) -> bool:
    held = getattr(module, "__file__", None)
    return held is not None and os.path.exists(held) and os.path.samefile(held, file)
