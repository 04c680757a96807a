"""An RPM package, built by rpmbuild from Debian's package rpm."""

import platform
import textwrap
from pathlib import Path

from release.package import Format, Package, make_tree
from release.steps import logged

# Nothing is stripped, compiled or scanned again: the tree is complete, and `needs` lists what it depends on.
MACROS = {
    "__os_install_post": "%{nil}",
    "debug_package": "%{nil}",
    "_build_id_links": "none",
    "_binary_payload": "w6.xzdio",
    "_buildhost": "localhost",
    "use_source_date_epoch_as_buildtime": "1",
    "clamp_mtime_to_source_date_epoch": "1",
}


def build_rpm(package: Package, bundle: Path, folder: Path, out: Path) -> Path:
    """Builds the package into `out`; `folder` is for the tree. Raises ReleaseError."""
    top = folder / "rpm"
    make_tree(package, Format.RPM, bundle, top)
    spec = folder / f"{package.name}.spec"
    spec.write_text(spec_text(package, top))
    defined = {
        **MACROS,
        "_topdir": str(folder / "rpmbuild"),
        "_rpmdir": str(out),
        "_rpmfilename": "%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm",
    }
    options = [text for name, value in defined.items() for text in ("--define", f"{name} {value}")]
    command = ["env", f"SOURCE_DATE_EPOCH={package.made}", "rpmbuild", "-bb", "--quiet", *options, str(spec)]
    logged(command, "packages-rpm")
    return out / f"{package.name}-{package.release}.{platform.machine()}.rpm"


def spec_text(package: Package, top: Path) -> str:
    text = package.text
    needs = "".join(f"Requires: {each}\n" for each in text["rpm"]["needs"])
    described = "\n".join(package.description(78))
    return f"""Name: {package.name}
Version: {package.version}
Release: {text["release"]}
Summary: {text["summary"]}
License: {package.licence}
Packager: {package.maintainer}
AutoReqProv: no
{needs}
%description
{described}

%install
cp -a {top}/. %{{buildroot}}/

%files
%defattr(-,root,root,-)
{files_section(package, top)}
%post
{package.script("after-install")}
%preun
if [ "$1" -eq 0 ]; then
{textwrap.indent(package.script("before-remove"), "    ")}fi

%postun
if [ "$1" -eq 0 ]; then
{textwrap.indent(package.script("after-remove"), "    ")}fi

%changelog
* {package.date:%a %b %d %Y} {package.maintainer} - {package.release}
- Release {package.version}: the changelog in the documents says what is new.
"""


def files_section(package: Package, top: Path) -> str:
    """Folders that belong to the package alone are listed whole; of the others, the files."""
    own = [str(package.text["tree"][key]) for key in ("place", "documents")]
    own += sorted({str(Path(each).parent) for each in package.configuration})
    lines = [f"%dir {each}" if each.startswith("/etc/") else each for each in own]
    lines += [f"%config(noreplace) {each}" for each in package.configuration]
    for path in sorted(top.rglob("*")):
        name = f"/{path.relative_to(top)}"
        is_listed = name.startswith(tuple(f"{each}/" for each in own)) or name in own
        if not is_listed and (path.is_symlink() or not path.is_dir()):
            lines.append(name)
    return "\n".join(lines) + "\n"
