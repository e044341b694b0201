"""A wheel has everything, however it was built; layouts that lose adapters lose them silently."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def build(target: str, source: Path, out: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (made,) = out.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made


def test_a_wheel_built_from_the_sdist_has_every_adapter_and_no_second_top_level(
    tmp_path: Path,
) -> None:
    sdist = build("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()
    wheel = build("wheel", source, tmp_path / "wheel")

    names = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}

    files = {"llm_pure/py.typed"}
    for folder, pattern in (("llm_pure", "*.py"), ("adapters", "*.py"), ("cassettes", "*.yaml")):
        under = "" if folder == "llm_pure" else "llm_pure/"
        files |= {
            f"{under}{path.relative_to(ROOT).as_posix()}" for path in (ROOT / folder).rglob(pattern)
        }
    assert files <= names
    assert {n.split("/")[0] for n in names} == {"llm_pure"}
