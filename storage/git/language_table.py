"""Which language a file is in, by its name and how it begins; and which files nobody here wrote, or are for reading.

Programming and markup languages are counted. Data (JSON, YAML, SQL, SVG) and prose (Markdown) are not: their bytes say
little about what a project is made of.
"""

from __future__ import annotations

import re
from typing import Final

_BY_EXTENSION: Final = {
    "Ada": "ada adb ads",
    "Agda": "agda",
    "Assembly": "asm s nasm",
    "Astro": "astro",
    "AutoHotkey": "ahk",
    "Awk": "awk",
    "Batchfile": "bat cmd",
    "Bicep": "bicep",
    "C": "c h",
    "C#": "cs csx",
    "C++": "cc cpp cxx c++ hh hpp hxx ipp tpp inl",
    "CMake": "cmake",
    "COBOL": "cob cbl cobol",
    "CSS": "css",
    "Cairo": "cairo",
    "Clojure": "clj cljs cljc edn",
    "CoffeeScript": "coffee",
    "Common Lisp": "lisp lsp",
    "Crystal": "cr",
    "Cuda": "cu cuh",
    "Cython": "pyx pxd pxi",
    "D": "d di",
    "Dart": "dart",
    "Dhall": "dhall",
    "EJS": "ejs",
    "Elixir": "ex exs",
    "Elm": "elm",
    "Emacs Lisp": "el",
    "Erlang": "erl hrl",
    "F#": "fs fsi fsx",
    "Fennel": "fnl",
    "Fish": "fish",
    "Fortran": "f f90 f95 f03 f08 for",
    "GDScript": "gd",
    "GLSL": "glsl frag vert comp",
    "Gleam": "gleam",
    "Go": "go",
    "Groovy": "groovy gradle gvy",
    "HCL": "hcl tf tfvars",
    "HLSL": "hlsl fx",
    "HTML": "html htm xhtml",
    "Handlebars": "hbs handlebars",
    "Haskell": "hs lhs",
    "Haxe": "hx",
    "Idris": "idr",
    "Janet": "janet",
    "Java": "java",
    "JavaScript": "js cjs mjs jsx es6",
    "Jinja": "j2 jinja jinja2",
    "Julia": "jl",
    "Jupyter Notebook": "ipynb",
    "Just": "just",
    "Kotlin": "kt kts",
    "Lean": "lean",
    "Less": "less",
    "Liquid": "liquid",
    "LLVM": "ll",
    "Lua": "lua",
    "M4": "m4",
    "MATLAB": "mlx",
    "MDX": "mdx",
    "Makefile": "mk mak",
    "Mako": "mako",
    "Mermaid": "mmd",
    "Meson": "meson",
    "Metal": "metal",
    "Mojo": "mojo",
    "Mustache": "mustache",
    "Nim": "nim nims",
    "Nix": "nix",
    "OCaml": "ml mli",
    "Objective-C": "m",
    "Objective-C++": "mm",
    "Odin": "odin",
    "OpenCL": "cl",
    "OpenSCAD": "scad",
    "PHP": "php phtml php3 php4 php5",
    "PLpgSQL": "pgsql",
    "Pascal": "pas pp lpr",
    "Perl": "pl pm t",
    "PowerShell": "ps1 psm1 psd1",
    "Prolog": "pro",
    "Pug": "pug jade",
    "Puppet": "pupp",
    "PureScript": "purs",
    "Python": "py pyi pyw",
    "QML": "qml",
    "R": "r",
    "Racket": "rkt",
    "Raku": "raku rakumod",
    "ReScript": "resi",
    "Reason": "re rei",
    "Rego": "rego",
    "Ruby": "rb rake gemspec ru",
    "Rust": "rs",
    "SCSS": "scss",
    "Sass": "sass",
    "Scala": "scala sc",
    "Scheme": "scm ss sld",
    "Shell": "sh bash zsh ksh bats",
    "Slim": "slim",
    "Smalltalk": "st",
    "Solidity": "sol",
    "Standard ML": "sml",
    "Starlark": "bzl star",
    "Stylus": "styl",
    "Svelte": "svelte",
    "Swift": "swift",
    "SystemVerilog": "sv svh",
    "Tcl": "tcl",
    "TeX": "tex sty cls",
    "Thrift": "thrift",
    "TypeScript": "ts mts cts tsx",
    "Twig": "twig",
    "Typst": "typ",
    "VBA": "vba bas",
    "VHDL": "vhd vhdl",
    "Vala": "vala",
    "Verilog": "v",
    "Vim Script": "vim",
    "Visual Basic .NET": "vb",
    "Vue": "vue",
    "WGSL": "wgsl",
    "WebAssembly": "wat wast",
    "XSLT": "xsl xslt",
    "Yacc": "y yy",
    "Zig": "zig",
}
_BY_NAME: Final = {
    "CMake": "cmakelists.txt",
    "Dockerfile": "dockerfile containerfile",
    "Groovy": "jenkinsfile",
    "HCL": "terragrunt.hcl",
    "Just": "justfile .justfile",
    "Makefile": "makefile gnumakefile bsdmakefile makefile.am makefile.in",
    "Meson": "meson.build meson_options.txt",
    "Ruby": "gemfile rakefile vagrantfile podfile fastfile guardfile brewfile",
    "Shell": ".bashrc .bash_profile .profile .zshrc .zprofile pkgbuild apkbuild configure.ac",
    "Starlark": "build build.bazel workspace workspace.bazel tiltfile",
    "Vim Script": ".vimrc _vimrc vimrc",
    "Emacs Lisp": ".emacs",
    "Python": "sconstruct sconscript wscript",
}
_BY_INTERPRETER: Final = {
    "Awk": "awk gawk mawk",
    "Elixir": "elixir",
    "Erlang": "escript",
    "Fish": "fish",
    "Groovy": "groovy",
    "Haskell": "runhaskell",
    "JavaScript": "node nodejs bun",
    "Julia": "julia",
    "Lua": "lua luajit",
    "Makefile": "make gmake",
    "OCaml": "ocaml",
    "PHP": "php",
    "Perl": "perl",
    "PowerShell": "pwsh",
    "Python": "python pypy uv",
    "R": "rscript",
    "Racket": "racket",
    "Ruby": "ruby",
    "Scala": "scala",
    "Shell": "sh bash zsh ksh dash ash",
    "Tcl": "tclsh wish",
    "TypeScript": "deno ts-node tsx",
}

VENDORED: Final = re.compile(
    r"(^|/)(node_modules|bower_components|jspm_packages|vendor|vendors|third[-_]?party|3rd[-_]?party|extern|externals?"
    r"|external_libs|_vendor|godeps|carthage|pods|\.yarn|\.git|\.github|\.vscode|\.idea|\.?venv|site-packages|dist|cache)/"
    r"|(^|/)(jquery|bootstrap|d3|modernizr|normalize|react|angular|three|htmx|alpine)([-.][^/]*)?\.(js|css)$"
    r"|(^|/)(gradlew(\.bat)?|mvnw(\.cmd)?|configure|config\.(guess|sub)|aclocal\.m4|libtool\.m4|ltmain\.sh|install-sh"
    r"|versioneer\.py|waf)$",
    re.IGNORECASE,
)
DOCUMENTATION: Final = re.compile(
    r"^(docs?|documentation|examples?|samples?|demos?|javadoc|man)/|(^|/)(documentation|javadoc|examples|samples|demos?)/"
    r"|(^|/)(readme|changelog|changes|contributing|copying|license|licence|install)(\.[^/]*)?$",
    re.IGNORECASE,
)
GENERATED: Final = re.compile(
    r"[-.]min\.(js|css|mjs)$|\.bundle\.js$|\.(pb|connect|twirp)\.go$|_pb2(_grpc)?\.pyi?$|\.pb\.(cc|h|rb|swift|dart)$|\.g\.dart$"
    r"|\.freezed\.dart$|\.designer\.(cs|vb)$|\.generated\.[^/]*$|(^|/)(generated|__generated__)/|zz_generated\.[^/]*$"
    r"|\.d\.ts\.map$|_string\.go$|(^|/)parsetab\.py$",
    re.IGNORECASE,
)
_MARKED_GENERATED: Final = re.compile(
    rb"code generated .{0,200}do not edit|@generated\b|autogenerated by|auto-generated by|automatically generated by"
    rb"|this file (is|was) (auto-?|automatically )?generated",
    re.IGNORECASE,
)
_MARK_BYTES: Final = 1_024
_SHEBANG: Final = re.compile(rb"#!\s*(\S+)(?:[ \t]+(.*))?")


def _inverted(table: dict[str, str]) -> dict[str, str]:
    return {key: language for language, keys in table.items() for key in keys.split()}


EXTENSIONS: Final = _inverted(_BY_EXTENSION)
NAMES: Final = _inverted(_BY_NAME)
INTERPRETERS: Final = _inverted(_BY_INTERPRETER)
LANGUAGES: Final = {name.lower(): name for table in (_BY_EXTENSION, _BY_NAME, _BY_INTERPRETER) for name in table}
"""By their names in lower case, as `linguist-language` may write them."""


def by_name(path: str) -> str | None:
    """The language that a file's name tells."""
    name = path.rpartition("/")[2].lower()
    if name in NAMES:
        return NAMES[name]
    if name.startswith(("dockerfile.", "containerfile.")):
        return "Dockerfile"
    stem, dot, extension = name.rpartition(".")
    return EXTENSIONS.get(extension) if dot and stem else None


def by_shebang(start: bytes) -> str | None:
    """The language of a program without an extension, by its first line."""
    match = _SHEBANG.match(start)
    if match is None:
        return None
    words = [match[1], *(match[2] or b"").split()]
    if words[0].rpartition(b"/")[2] == b"env":
        words = [word for word in words[1:] if not word.startswith(b"-") and b"=" not in word]
    if not words:
        return None
    name = words[0].rpartition(b"/")[2].decode("ascii", "replace").lower()
    return INTERPRETERS.get(name) or INTERPRETERS.get(name.rstrip("0123456789."))


def is_marked_generated(start: bytes) -> bool:
    """Whether a file's beginning says that a program wrote it."""
    return _MARKED_GENERATED.search(start[:_MARK_BYTES]) is not None
