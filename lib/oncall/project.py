"""Where the project's files are, in a checkout and in an installed wheel."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_DATA = _PACKAGE / "_data"
_CACHES = (
    ("MPLCONFIGDIR", "matplotlib"),
    ("IPYTHONDIR", "ipython"),
    ("JUPYTER_RUNTIME_DIR", "jupyter-runtime"),
    ("JUPYTER_CONFIG_DIR", "jupyter-config"),
    ("JUPYTER_DATA_DIR", "jupyter-data"),
)


def checkout() -> Path | None:
    """The folder that holds `notebooks/` and `profiles/` when the package is installed from it."""
    folder = _PACKAGE.parent.parent
    is_checkout = (folder / "pyproject.toml").is_file() and (folder / "notebooks").is_dir()
    return folder if is_checkout else None


def root() -> Path:
    """Where relative paths of profiles and the default `outputs/` start."""
    return checkout() or Path.cwd()


def profile_folders() -> tuple[Path, ...]:
    """Where named profiles are sought, first match wins."""
    here, there = Path.cwd() / "profiles", checkout()
    return tuple(dict.fromkeys([here, *([there / "profiles"] if there else []), _DATA / "profiles"]))


def notebook(slug: str, language: str) -> Path | None:
    """The notebook of incident `slug` in `language`, the English one where there is no translation."""
    there = checkout()
    home = there / "notebooks" if there else _DATA / "notebooks"
    name = f"[0-9][0-9]_{slug.replace('-', '_')}.ipynb"
    folders = [home / language, home] if language != "en" else [home]
    return next((path for folder in folders for path in sorted(folder.glob(name))), None)


def shown(path: Path) -> str:
    """`path` as a person would type it from here, without this machine's folders where that is possible."""
    here, place = Path.cwd(), path.resolve()
    # A notebook's own folder lies beside `outputs/`.
    home = next((h for h in (here, checkout()) if h and here.is_relative_to(h) and place.is_relative_to(h)), None)
    return os.path.relpath(place, here) if home else str(path)


def keep_caches_out_of_home() -> None:
    """Point the caches of matplotlib, IPython and Jupyter at a folder of ours, unless the user chose one.

    The folder is kept between runs: matplotlib's font list takes seconds to build.
    """
    missing = [(variable, folder) for variable, folder in _CACHES if variable not in os.environ]
    if missing:
        cache = _cache()
        for variable, folder in missing:
            (cache / folder).mkdir(mode=0o700, exist_ok=True)
            os.environ[variable] = str(cache / folder)


def _cache() -> Path:
    """A private folder. Start-up files are executed from it, so nobody else may own or write it."""
    there = checkout()
    home = there / ".cache" if there and os.access(there, os.W_OK) else Path(tempfile.gettempdir())
    folder = home / f"runbook-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = folder.stat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="runbook-"))
    is_private = owner.st_uid == os.getuid() and not owner.st_mode & 0o022
    return folder if is_private else Path(tempfile.mkdtemp(prefix="runbook-"))
