# SPDX-License-Identifier: Apache-2.0
"""The laboratory PKI of `smctl pki init`, checked by another implementation: the openssl program."""
import json
import os
import pathlib
import stat
import subprocess

import pytest

SMCTL = pathlib.Path(os.environ.get("REMORA_BIN", "build/dev/bin")) / "smctl"
PARTIES = {
    "smsr": ("1.3.6.1.4.1.99999.1", "smsr"),
    "smdp": ("1.3.6.1.4.1.99999.2", "smdp"),
    "operator-a": ("1.3.6.1.4.1.99999.11", "operator"),
    "operator-b": ("1.3.6.1.4.1.99999.10", "operator"),
    "fleet": ("1.3.6.1.4.1.99999.20", "fleet"),
    "eum": ("1.3.6.1.4.1.99999.30", "eum"),
    "admin": ("1.3.6.1.4.1.99999.40", "admin"),
    "auditor": ("1.3.6.1.4.1.99999.41", "auditor"),
}


def smctl(*words):
    return subprocess.run([SMCTL, *map(str, words)], capture_output=True, text=True, check=False)


def openssl(*words, given=None):
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False,
                          input=given)


@pytest.fixture(scope="module", name="pki")
def fixture_pki(tmp_path_factory):
    root = tmp_path_factory.mktemp("pki") / "lab"
    done = smctl("pki", "init", root)
    assert done.returncode == 0, done.stderr
    return root


@pytest.mark.parametrize("name", PARTIES)
def test_tls_certificate_of_each_party(pki, name):
    cert = pki / name / "cert.pem"
    for purpose in ("sslclient", "sslserver"):
        done = openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", pki / "ca/cert.pem", cert)
        assert done.returncode == 0, done.stdout + done.stderr
    oid, role = PARTIES[name]
    text = openssl("x509", "-in", cert, "-noout", "-ext", "subjectAltName").stdout
    assert text.count("urn:remora:party:") == 1
    assert f"URI:urn:remora:party:{oid}:{role}," in text
    assert openssl("verify", "-verify_ip", "127.0.0.1", "-verify_hostname", "localhost", "-CAfile",
                   pki / "ca/cert.pem", cert).returncode == 0


@pytest.mark.parametrize("name", PARTIES)
def test_key_belongs_to_certificate_and_to_nobody_else(pki, name):
    public = openssl("x509", "-in", pki / name / "cert.pem", "-noout", "-pubkey").stdout
    assert public == openssl("pkey", "-in", pki / name / "key.pem", "-pubout").stdout
    others = [openssl("x509", "-in", pki / n / "cert.pem", "-noout", "-pubkey").stdout
              for n in PARTIES if n != name]
    assert public not in others


def test_eum_certificate_stands_under_the_ci_and_not_under_the_tls_authority(pki):
    eum = pki / "eum/eum.pem"
    assert openssl("verify", "-x509_strict", "-CAfile", pki / "ci/cert.pem", eum).returncode == 0
    assert openssl("verify", "-CAfile", pki / "ca/cert.pem", eum).returncode != 0
    assert openssl("verify", "-CAfile", pki / "ci/cert.pem", pki / "fleet/cert.pem").returncode != 0
    text = openssl("x509", "-in", eum, "-noout", "-text").stdout
    assert "CA:TRUE, pathlen:0" in text
    assert "Registered ID:1.3.6.1.4.1.99999.30" in text


@pytest.mark.parametrize("name", ("smsr", "smdp"))
def test_gp_certificate_is_signed_by_the_ci(pki, tmp_path, name):
    octets = (pki / name / "gp.7f21").read_bytes()
    assert octets[:2] == bytes.fromhex("7F21")
    head = 3 + (octets[2] - 0x80 if octets[2] > 0x80 else 0)
    at = octets.rindex(bytes.fromhex("5F3740"))
    assert at + 3 + 64 == len(octets)
    r, s = (int.from_bytes(octets[at + 3 + i:at + 35 + i], "big") for i in (0, 32))
    (tmp_path / "sig.cnf").write_text(f"asn1=SEQUENCE:s\n[s]\nr=INTEGER:{r}\ns=INTEGER:{s}\n")
    assert openssl("asn1parse", "-genconf", tmp_path / "sig.cnf", "-noout", "-out",
                   tmp_path / "sig.der").returncode == 0
    (tmp_path / "tbs").write_bytes(octets[head:at])
    (tmp_path / "ci.pub").write_text(
        openssl("x509", "-in", pki / "ci/cert.pem", "-noout", "-pubkey").stdout)
    verify = ("dgst", "-sha256", "-verify", tmp_path / "ci.pub", "-signature", tmp_path / "sig.der")
    assert openssl(*verify, tmp_path / "tbs").returncode == 0
    (tmp_path / "tbs").write_bytes(octets[head:at - 1] + bytes([octets[at - 1] ^ 1]))
    assert openssl(*verify, tmp_path / "tbs").returncode != 0
    # The point in the certificate is that of gp.key.
    der = subprocess.run(["openssl", "pkey", "-in", pki / name / "gp.key", "-pubout", "-outform", "DER"],
                         capture_output=True, check=True).stdout
    assert der[-65:] in octets


def test_secrets_are_for_their_owner_alone(pki):
    secret = {"key.pem", "gp.key", "eum.key", "kek.bin", "transport.key"}
    seen = 0
    for path in pki.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.name in secret:
            assert mode == 0o600, path
            seen += 1
        elif path.is_file():
            assert mode == 0o644, path
            assert "PRIVATE" not in path.read_bytes().decode("latin-1")
    assert seen == 10 + 2 + 1 + 2 + 1
    assert (pki / "smsr/kek.bin").read_bytes() != (pki / "smdp/kek.bin").read_bytes()
    assert len((pki / "smsr/kek.bin").read_bytes()) == 32
    assert len(bytes.fromhex((pki / "transport.key").read_text())) == 16


def test_every_key_is_new(pki, tmp_path):
    assert smctl("pki", "init", tmp_path / "second").returncode == 0
    for path in pki.rglob("*.pem"):
        assert path.read_bytes() != (tmp_path / "second" / path.relative_to(pki)).read_bytes()


def test_nothing_is_written_over(pki):
    before = {p: p.read_bytes() for p in pki.rglob("*") if p.is_file()}
    done = smctl("pki", "init", pki)
    assert done.returncode == 2
    assert str(pki) in done.stderr
    assert before == {p: p.read_bytes() for p in pki.rglob("*") if p.is_file()}
    assert [p for p in pki.parent.iterdir() if p != pki] == []


def test_own_parties_and_json(tmp_path):
    done = smctl("pki", "init", tmp_path / "own", "--no-defaults", "--party", "1.2.3:smsr:sr", "--party",
                 "1.2.4:m2m-sp:meters", "--days", 7, "--smsr", "sr.example:7101", "--json")
    assert done.returncode == 0, done.stderr
    assert [p["name"] for p in json.loads(done.stdout)["parties"]] == ["sr", "meters"]
    assert "sr.example:7101" in (tmp_path / "own/smctl.yaml").read_text()
    late = openssl("x509", "-in", tmp_path / "own/sr/cert.pem", "-noout", "-checkend", str(8 * 86400))
    assert late.returncode == 1


@pytest.mark.parametrize("words", (
    ("--party", "1.2.3:operator"),
    ("--party", "1.2.3:king:blue"),
    ("--party", "1.3.6.1.4.1.99999.1:operator:blue"),
    ("--days", "0"),
    ("--days", "ten"),
    ("--no-defaults",),
))
def test_mistakes_leave_nothing(tmp_path, words):
    done = smctl("pki", "init", tmp_path / "lab", *words)
    assert done.returncode == 2
    assert done.stderr.startswith("smctl: ")
    assert list(tmp_path.iterdir()) == []


def test_contexts_are_read_from_anywhere(pki, tmp_path):
    for config in (["--config", pki / "smctl.yaml"], ["--config", os.path.relpath(pki / "smctl.yaml")]):
        done = smctl(*config, "--as", "fleet", "--retry", "0", "status")
        assert done.returncode in (0, 3), done.stderr  # files were found; whether anybody listens is open
    moved = tmp_path / "moved"
    pki.rename(moved)
    try:
        done = smctl("--config", moved / "smctl.yaml", "--as", "auditor", "--retry", "0", "status")
        assert done.returncode in (0, 3), done.stderr
    finally:
        moved.rename(pki)
    done = smctl("--config", pki / "smctl.yaml", "status")
    assert done.returncode == 2
    assert "--as" in done.stderr
