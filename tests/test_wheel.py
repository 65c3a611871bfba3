"""What is installed without `-e`, as README's first command does, is all of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_has_every_file_of_the_package_and_the_samples(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("cwconsole", "sample_instances"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "cwconsole").rglob("*") if _is_part(path)}
    assert wanted - packed == set()
    samples = {path.name for path in (ROOT / "sample_instances").iterdir()}
    assert samples == {name.rpartition("/")[2] for name in packed if "/sample_instances/" in name}


def _is_part(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts
