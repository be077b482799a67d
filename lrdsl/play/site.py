"""`write_site`: the playground as a folder to publish, in which Python runs in the browser, by Pyodide.

Pyodide has 13 MB, so it is no part of lrdsl. `npm pack` brings the one release that is named here, and its checksum is compared: lrdsl itself starts no program
and uses no network. The pure Python that runs on it is packed from what is installed beside lrdsl. The folder is all that the page needs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tarfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from io import BytesIO
from pathlib import Path

import lrdsl
from lrdsl.diagnostics import UsageError
from lrdsl.files.replacing import write_file
from lrdsl.pages import beside
from lrdsl.play.pages import FOLDER, assets

#: The release of Pyodide, and the checksum of npm's package of it.
PYODIDE = "314.0.7"
_CHECKSUM = "0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A=="
#: The files of the package that a browser needs, and the most bytes of one.
_RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
_MOST = 50_000_000
#: What each archive has beside lrdsl: distributions of pure Python. SymPy is for formulas and proofs, and comes after the first chart.
_ARCHIVES = {"python.zip": ("attrs", "pyyaml"), "sympy.zip": ("sympy", "mpmath")}
#: Parts of lrdsl that a browser has no use for, and folders that only the authors of a library need.
_LEFT_OUT = ("lrdsl/play/web/", "lrdsl/play/page/", "lrdsl/cli/", "lrdsl/runtime/")
_TESTS = {"tests", "test", "testing", "benchmarks", "__pycache__"}
#: A file that marks a folder as one that was written here, so that it may be written again.
_MARK = "lrdsl-playground.json"


def write_site(folder: Path, pyodide: Path | None = None) -> int:
    """Writes the playground into a folder, which is new, empty, or an older playground. Returns its size in bytes. Raises `UsageError`.

    Parameters: `folder`; `pyodide`, the `.tgz` of npm's package `pyodide`, or its folder. By default, it is looked for in the current folder.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARK).is_file():
        raise UsageError(f"{folder} has other files: give a new folder")
    files = {name.removeprefix("/"): asset.content for name, asset in assets().items() if name != "/"}
    files["index.html"] = files["index.html"].replace(b'name="lrdsl-python" content="server"', b'name="lrdsl-python" content="page"')
    files["LICENSES.txt"] = (FOLDER / "LICENSES.txt").read_bytes() + f"\n----\n\nPyodide {PYODIDE}: MPL-2.0, https://github.com/pyodide/pyodide\n".encode()
    files |= {f"pyodide/{name}": content for name, content in _pyodide(pyodide).items()}
    files |= {name: _archive(name) for name in _ARCHIVES}
    files[_MARK] = (json.dumps({"lrdsl": lrdsl.__version__, "pyodide": PYODIDE}) + "\n").encode()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        write_file(path, content)
    return sum(map(len, files.values()))


def _pyodide(source: Path | None) -> dict[str, bytes]:
    """Returns the files of Pyodide, from its package or from its folder."""
    places = (Path(f"pyodide-{PYODIDE}.tgz"), Path("node_modules/pyodide")) if source is None else (source,)
    place = next((place for place in places if place.exists()), None)
    if place is None:
        what = "Pyodide is not here" if source is None else f"{source} does not exist"
        raise UsageError(f"{what}: `npm pack pyodide@{PYODIDE}` brings it, as pyodide-{PYODIDE}.tgz; --pyodide says where it is")
    if place.is_dir():
        version = json.loads((place / "package.json").read_bytes()).get("version")
        if version != PYODIDE:
            raise UsageError(f"{place} has Pyodide {version}, and this is made for {PYODIDE}")
        files = {name: (place / name).read_bytes() for name in _RUNTIME}
    else:
        files = _unpacked(place.read_bytes())
    lock = json.loads(files["pyodide-lock.json"])
    files["pyodide-lock.json"] = json.dumps({"info": lock["info"], "packages": {}}).encode()  # it has packages that would come from elsewhere
    return files


def _unpacked(package: bytes) -> dict[str, bytes]:
    """Returns the files of npm's package. Raises `UsageError` if it is not the very one that is named here."""
    if base64.b64encode(hashlib.sha512(package).digest()).decode() != _CHECKSUM:
        raise UsageError(f"this is not the package pyodide@{PYODIDE}: its checksum is another one")
    with tarfile.open(fileobj=BytesIO(package)) as archive:
        return {name: _member(archive, f"package/{name}") for name in _RUNTIME}


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None, name
    return file.read(_MOST)


def _archive(name: str) -> bytes:
    """Returns an archive of pure Python. Equal files give equal archives."""
    data = BytesIO()
    members = dict(_members(name))
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(members):
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), members[path], zipfile.ZIP_DEFLATED)
    return data.getvalue()


def _members(name: str) -> Iterator[tuple[str, bytes]]:
    """Yields the files of an archive, with their paths in it."""
    for package in _ARCHIVES[name]:
        yield from _pure(package)
    if name != "python.zip":
        return
    root = Path(lrdsl.__file__).parent
    for folder, _, names in os.walk(root):
        for path in (Path(folder, one) for one in names if one.endswith((".py", ".lrs"))):
            inside = f"lrdsl/{path.relative_to(root).as_posix()}"
            if not inside.startswith(_LEFT_OUT):
                yield inside, path.read_bytes()
    for place in ("grammar/lrdsl.lark", "grammar/lrdsl.tables.json", *(f"examples/{path.name}" for path in beside("examples").glob("*.lrs"))):
        yield f"lrdsl/share/{place}", beside(place).read_bytes()


def _pure(package: str) -> Iterator[tuple[str, bytes]]:
    """Yields the modules of an installed distribution."""
    try:
        installed = distribution(package)
    except PackageNotFoundError:
        raise UsageError(f"{package} is not installed: pip install lrdsl brings it") from None
    for file in installed.files or ():
        if file.suffix == ".py" and ".." not in file.parts and not _TESTS.intersection(file.parts):
            yield file.as_posix(), Path(str(file.locate())).read_bytes()
