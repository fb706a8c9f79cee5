# SPDX-License-Identifier: Apache-2.0
"""What the lints share: walking the source tree, C without comments, planted trees, reporting."""
import pathlib
import re
import sys
import tempfile

TOP = ("common", "smsr", "smdp", "tools", "test", "proto", "deploy")
SKIP = {"build", "__pycache__", ".git", ".cache", ".pytest_cache"}


def files(root, suffixes=None):
    """Relative posix paths of the project's files, sorted; suffixes None takes all."""
    out = []
    for top in TOP:
        for path in (root / top).rglob("*"):
            rel = path.relative_to(root)
            if path.is_file() and not path.is_symlink() and not SKIP & set(rel.parts) \
                    and (suffixes is None or path.suffix in suffixes):
                out.append(rel.as_posix())
    if suffixes is None:
        out += [p.name for p in root.iterdir() if p.is_file()]
    return sorted(out)


def read(root, rel):
    return (root / rel).read_text(encoding="utf-8", errors="replace")


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def blank(match, keep_strings):
    text = match.group(0)
    if text.startswith("/"):
        return re.sub(r"[^\n]", " ", text)
    return text if keep_strings else text[0] + " " * (len(text) - 2) + text[-1]


def code(text, keep_strings=False):
    """C text with comments (and the inside of literals) blanked; line numbers stay."""
    return TOKEN.sub(lambda m: blank(m, keep_strings), text)


def line_of(text, pos):
    return text.count("\n", 0, pos) + 1


class Report:
    """Collects `path:line: rule: message`; a failure makes the lint fail, a warning only shows."""

    def __init__(self):
        self.failures = []
        self.warnings = []

    def fail(self, rel, line, rule, message):
        self.failures.append((rel, line, rule, message))

    def warn(self, rel, line, rule, message):
        self.warnings.append((rel, line, rule, message))


def self_test(check, clean, planted):
    """Negative control: `clean` (path -> text) must pass; each (rule, path, text) of `planted`, laid
    over it alone, must be refused under that rule and no other."""
    bad = []

    def run(tree):
        with tempfile.TemporaryDirectory() as tmp:
            root = pathlib.Path(tmp)
            for rel, text in tree.items():
                (root / rel).parent.mkdir(parents=True, exist_ok=True)
                (root / rel).write_text(text, encoding="utf-8")
            report = Report()
            check(root, report)
            return report

    for failure in run(clean).failures:
        bad.append(f"clean tree refused: {failure}")
    for rule, rel, text in planted:
        failures = run({**clean, rel: text}).failures
        if {f[2] for f in failures} != {rule}:
            bad.append(f"planted {rule} in {rel}: reported {failures or 'nothing'}")
    print(f"{len(planted)} planted violations, {len(bad)} wrong")
    for line in bad:
        print("  " + line)
    return 1 if bad or not planted else 0


def main(check, clean, planted):
    """`lint ROOT [arguments]` or `lint --self-test [arguments]`."""
    if len(sys.argv) < 2:
        print(f"usage: {sys.argv[0]} ROOT | --self-test")
        sys.exit(2)
    if sys.argv[1] == "--self-test":
        sys.exit(self_test(check, clean, planted))
    root = pathlib.Path(sys.argv[1]).resolve()
    report = Report()
    n = check(root, report)
    for kind, rows in (("warning", report.warnings), ("error", report.failures)):
        for rel, line, rule, message in rows:
            print(f"{rel}:{line}: {kind}: {rule}: {message}")
    print(f"{n} files, {len(report.failures)} errors, {len(report.warnings)} warnings")
    if not n:
        print("nothing was checked: is this the source root?")
    sys.exit(1 if report.failures or not n else 0)
