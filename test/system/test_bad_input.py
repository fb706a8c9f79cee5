# SPDX-License-Identifier: Apache-2.0
"""Bad input: one sentence that names the item and the cure, a non-zero exit or a GSMA status, and nothing
half done."""
import os
import re
import shutil
import sqlite3
import subprocess

import pytest
from remora import BIN, PACKAGES


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120, check=False)


def one_sentence(done, *words, code=1):
    """One line that holds all of words; nothing else was said."""
    assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and done.stdout == "", done.stdout + done.stderr
    for word in words:
        assert word in lines[0], f"no \"{word}\" in: {lines[0]}"


@pytest.fixture
def still(make_world):
    """A world where nothing runs."""
    return make_world(meters=5, start=False)


def smsr(world, *more):
    return run(BIN + "/smsr", "--config", world.file("smsr.yaml"), *more)


def smdp(world, *more):
    return run(BIN + "/smdp", "--config", world.file("smdp.yaml"), *more)


# --- configuration ---

CONFIGURATION = {
    "unknown key": (r"\ntls:", "\ncolour: blue\ntls:", ["colour", "line"]),
    "unknown key below": (r"listen: ", "listne: ", ["listne"]),
    "unknown key of a party": (r"tenant: red, roles", "tenant: red, rolls", ["rolls"]),
    "overlapping realms": (r"\nparties:", '\n  - {id: blue-water, eid_ranges: [{from: "890490320000010000000000000003", '
                           'to: "890490320000010000000000009999"}]}\nparties:', ["overlap", "blue-water", "acme-water"]),
    "range of too few digits": (r'to: "\d+"', 'to: "8904"', ["acme-water", "30"]),
    "range that ends first": (r'from: "\d+"', 'from: "899999999999999999999999999999"', ["ends before it begins"]),
    "role that does not exist": (r"roles: \[fleet\]", "roles: [fleets]", ["fleets", "m2m-sp"]),
    "party twice": (r"99999\.41, tenant", "99999.40, tenant", ["99999.40", "twice"]),
    "party of a PLMA that is none": (r"m2m_sp: [\d.]+", "m2m_sp: 1.2.3", ["1.2.3", "plma"]),
    "function that does not exist": (r"operations: \[Enable", "operations: [Unable", ["UnableProfile"]),
    "network that does not exist": (r"network: sim", "network: simm", ["simm"]),
    "ICCID prefix": (r'iccid: \["894901"\]', 'iccid: ["49-01"]', ["49-01"]),
    "port that is none": (r'listen: "127.0.0.1:\d+"', 'listen: "127.0.0.1:99999"', ["smsr.listen"]),
    "missing file": (r"ca: pki/ca/cert.pem", "ca: pki/ca/none.pem", ["tls.ca", "none.pem"]),
    "missing section": (r"keystore: [^\n]*\n", "", ["keystore"]),
    "timer out of bounds": (r"timers: {", "timers: {validity_enable: 1s, ", ["validity_enable", "30 s"]),
    "timer that is none": (r"timers: {", "timers: {validity_enable: soon, ", ["validity_enable", "soon"]),
    "limit out of bounds": (r"\ntls:", "\nlimits: {effects_per_hour: 11}\ntls:", ["effects_per_hour", "11"]),
}


def test_configuration_of_smsr(still):
    good = still.text("smsr.yaml")
    for what, (pattern, replacement, words) in CONFIGURATION.items():
        still.edit("smsr.yaml", pattern, replacement.replace("\\", "\\\\"))
        for more in (["--check-config"], []):
            done = smsr(still, *more)
            assert done.returncode == 1, f"{what}: {done.stdout}{done.stderr}"
            one_sentence(done, *words)
        with open(still.file("smsr.yaml"), "w", encoding="utf-8") as f:
            f.write(good)
    assert smsr(still, "--check-config").returncode == 0
    assert not os.path.exists(still.file("smsr"))      # nothing was made on the way


def test_configuration_of_smdp(still):
    for pattern, replacement, words in (
            (r"\ntls:", "\ncolour: blue\ntls:", ["colour", "line"]), (r"plmn: \[\"26201\"\]", 'plmn: ["2620"]', ["2620"]),
            (r"roles: \[operator\]", "roles: [operators]", ["operators"]),
            (r"cert: pki/smdp/gp.7f21", "cert: pki/smsr/gp.7f21", ["gsma.cert"])):
        good = still.text("smdp.yaml")
        still.edit("smdp.yaml", pattern, replacement)
        one_sentence(smdp(still), *words)
        with open(still.file("smdp.yaml"), "w", encoding="utf-8") as f:
            f.write(good)
    assert smdp(still, "--check-config").returncode == 0
    assert not os.path.exists(still.file("smdp"))


def test_command_lines(still):
    for program in ("smsr", "smdp", "euiccsim", "smctl"):
        assert run(f"{BIN}/{program}").returncode == 2
        assert run(f"{BIN}/{program}", "--no-such-option").returncode == 2
    one_sentence(run(BIN + "/smsr", "--config", "/nonexistent/smsr.yaml"), "/nonexistent/smsr.yaml")
    one_sentence(run(BIN + "/euiccsim", "run", "--dir", "/nonexistent"), "/nonexistent", code=2)
    one_sentence(run(BIN + "/euiccsim", "run", "--dir", still.file("world"), "--quirks", "tired"), "tired", code=2)


# --- ports, files, certificates ---

def test_port_in_use(make_world):
    world = make_world(meters=5)
    one_sentence(smsr(world, "--state", world.file("second")), "in use", "choose another port")
    one_sentence(smdp(world, "--state", world.file("second")), "in use", "choose another port")
    one_sentence(smsr(world), "another smsr runs", "lock")


def test_database_of_a_newer_schema(make_world):
    world = make_world(meters=5)
    world.stop()
    for daemon, start in (("smsr", smsr), ("smdp", smdp)):
        for name in ("state.db", "journal.db"):
            path = world.file(f"{daemon}/{name}")
            shutil.copy(path, path + ".good")
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA user_version = 99")
            db.close()
            one_sentence(start(world), name, "99")
            shutil.move(path + ".good", path)
            for rest in ("-wal", "-shm"):
                if os.path.exists(path + rest):
                    os.remove(path + rest)
    world.start()
    assert len(world.smctl("eis", "list", as_="fleet", code=0).rows) == 5


def test_files_that_do_not_belong_together(make_world):
    world = make_world(meters=5)
    world.stop()
    shutil.copy(world.file("pki/smsr/kek.bin"), world.file("kek.bin"))
    shutil.copy(world.file("pki/smdp/kek.bin"), world.file("pki/smsr/kek.bin"))
    one_sentence(smsr(world), "keystore.kek")
    shutil.copy(world.file("kek.bin"), world.file("pki/smsr/kek.bin"))
    os.chmod(world.file("pki/smsr/kek.bin"), 0o644)
    one_sentence(smsr(world), "kek.bin", "chmod 0600")
    os.chmod(world.file("pki/smsr/kek.bin"), 0o600)
    os.chmod(world.file("smsr"), 0o755)
    one_sentence(smsr(world), "chmod 0700")
    os.chmod(world.file("smsr"), 0o700)
    shutil.move(world.file("smsr/journal.db"), world.file("journal.db"))
    one_sentence(smsr(world), "state.db")
    os.remove(world.file("smsr/journal.db"))
    shutil.move(world.file("journal.db"), world.file("smsr/journal.db"))
    world.start()


def test_expired_certificates(still):
    assert run(BIN + "/smctl", "pki", "init", still.file("old"), "--days", "30", "--begun", "40").returncode == 0
    good = still.text("smsr.yaml")
    still.edit("smsr.yaml", r"gsma: [^\n]*", "gsma: {ci: [old/ci/cert.pem], cert: old/smsr/gp.7f21, key: old/smsr/gp.key}")
    one_sentence(smsr(still), "gsma.cert", "expired")
    with open(still.file("smsr.yaml"), "w", encoding="utf-8") as f:
        f.write(good)
    still.edit("smsr.yaml", r"tls: [^\n]*", "tls: {ca: old/ca/cert.pem, cert: old/smsr/cert.pem, key: old/smsr/key.pem}")
    one_sentence(smsr(still), "old/smsr/cert.pem", "expired", "issue a new one")
    done = run(BIN + "/smctl", "--config", still.file("old/smctl.yaml"), "--as", "fleet", "eis", "list", "--retry", "1")
    one_sentence(done, "fleet/cert.pem", "expired", code=2)


# --- identifiers and files of smctl ---

def test_identifiers(world):
    eid, iccid = world.eids[0], "8949010000000000008"
    wrong = eid[:-1] + str((int(eid[-1]) + 1) % 10)
    for arguments, words in (
            (["eis", "show", wrong], [wrong, "mod 97"]), (["eis", "show", "8904"], ["8904", "32 digits"]),
            (["profile", "enable", "--eid", eid, "--iccid", "12345"], ["12345", "ICCID"]),
            (["profile", "enable", "--eid", eid, "--iccid", "8949X10000000000008"], ["ICCID"]),
            (["profile", "enable", "--eid", eid], ["--iccid"]),
            (["operation", "show", "zzz"], ["zzz"])):
        done = world.smctl(*arguments, as_="fleet", code=2)
        assert all(w in done.errors for w in words), done.errors
        assert len(done.errors.splitlines()) == 1
    with open(world.file("cards.txt"), "w", encoding="utf-8") as f:
        f.write(f"{eid} {iccid}\n{wrong} {iccid}\n")
    done = world.smctl("profile", "enable", "--eids", world.file("cards.txt"), as_="fleet", code=2)
    assert "line 2" in done.errors and done.rows == []
    assert [o for o in world.operations("--eid", eid) if o["function"] == "EnableProfile"] == []


def import_rows(world, change, code, words):
    """Imports the stock changed by change(list of lines)."""
    lines = world.text("world/subscriptions-b.csv").splitlines()
    path = world.list_file("changed.csv", change(lines))
    done = world.smctl("profile", "import", path, "--type", "meter", as_="operator-b")
    assert done.code == code, f"exit {done.code}: {done.text}{done.errors}"
    for word in words:
        assert word in done.errors, f"no \"{word}\" in: {done.errors}"


def column(name, value, row=2):
    def change(lines):
        keys = lines[0].split(",")
        cells = lines[row].split(",")
        cells[keys.index(name)] = value
        return lines[:row] + [",".join(cells)] + lines[row + 1:]
    return change


def without(name):
    def change(lines):
        at = lines[0].split(",").index(name)
        return [",".join(c for i, c in enumerate(line.split(",")) if i != at) for line in lines]
    return change


def test_subscription_files(make_world):
    world = make_world(load=False)
    k = world.csv("subscriptions-b.csv")[1]["k"]
    cases = [
        (without("k"), ["k"]), (without("imsi"), ["imsi"]), (without("iccid"), ["iccid"]),
        (lambda lines: lines[:2] + [lines[2].rsplit(",", 3)[0]] + lines[3:], ["row 3"]),
        (column("k", k[:-1]), ["row 3", "k"]), (column("opc", "XY" * 16), ["row 3", "opc"]),
        (column("imsi", "26201"), ["row 3", "imsi"]), (column("iccid", "12"), ["row 3", "iccid"]),
        (lambda lines: lines + [lines[1]], ["row 22"]),
        (lambda lines: [lines[0] + ",colour"] + [line + ",blue" for line in lines[1:]], ["row 1", "column 17"]),
        (lambda lines: [], ["empty"]), (lambda lines: lines[:1], ["no subscription"]),
    ]
    for change, words in cases:
        import_rows(world, change, 2, words)
    # What only the SM-DP knows: the type's template, whose ranges, and what is in stock.
    import_rows(world, lambda lines: lines, 4, ["template"])
    world.smctl("profile", "template", "add", "--builtin", "--type", "meter", as_="admin", code=0)
    import_rows(world, column("iccid", "8988201000000000005"), 4, ["row 3", "ICCID", "range"])
    import_rows(world, column("imsi", "999010000000001"), 4, ["row 3", "IMSI"])
    assert world.smctl("profile", "list", as_="operator-b", code=0).rows == []
    # A failing Luhn digit only warns.
    import_rows(world, column("iccid", "8949010000000000017"), 0, [])
    import_rows(world, lambda lines: lines, 4, ["row 2", "in stock"])
    assert len(world.smctl("profile", "list", as_="operator-b", code=0).rows) == 20
    # Keys never come back in a message.
    assert k not in world.log("smdp")


# --- profiles ---

KNOWN = column("k", "000102030405060708090A0B0C0D0E0F", row=1)


def loaded(world, change):
    """Cards and the built-in template are in; the import of the changed stock."""
    world.smctl("eis", "import", world.file("world/fleet.eis"), as_="eum", code=0)
    world.smctl("profile", "template", "add", "--builtin", "--type", "meter", as_="admin", code=0)
    path = world.list_file("changed.csv", change(world.text("world/subscriptions-b.csv").splitlines()))
    return world.smctl("profile", "import", path, "--type", "meter", as_="operator-b")


def test_published_keys_are_refused_at_import(make_world):
    done = loaded(make_world(load=False), KNOWN)
    assert done.code == 4 and "8.2.5" not in done.errors
    for word in ("row 2", "column k", "ki-known", "give the subscription a secret K"):
        assert word in done.errors, done.errors
    assert "000102" not in done.text + done.errors


def test_published_keys_on_a_commercial_card(make_world):
    """Where cards of a test range exist, such a subscription is taken with a warning, for those cards alone."""
    def test_range(world):
        with open(world.file("smdp.yaml"), "a", encoding="utf-8") as f:
            f.write(f'test_eids: [{{from: "{world.eids[1][:30]}", to: "{world.eids[1][:30]}"}}]\n')

    world = make_world(before_start=test_range, load=False)
    done = loaded(world, KNOWN)
    assert done.code == 0 and done.rows[0]["warned"] == 1, done
    assert "row 2, column k" in done.rows[0]["warnings"][0] and "test range" in done.rows[0]["warnings"][0]
    done = world.smctl("profile", "push", "--eid", world.eids[0], "--iccid", "8949010000000000008", as_="operator-b")
    row = done.rows[0]
    assert done.code in (1, 4) and (row["subject"], row["reason"]) == ("8.2.1", "3.8"), row
    assert "ki-known" in row["message"] and "000102" not in done.text
    assert "subscription" in row["next"]
    assert len(world.cards()[world.eids[0]]["isdps"]) == 1


def test_a_failing_luhn_digit_warns(make_world):
    world = make_world(load=False)
    done = loaded(world, column("iccid", "8949010000000000009", row=1))
    assert done.code == 0 and done.rows[0]["warned"] == 1, done
    assert "row 2, column iccid" in done.rows[0]["warnings"][0] and "Luhn" in done.rows[0]["warnings"][0]
    done = world.smctl("profile", "push", "--eid", world.eids[0], "--iccid", "8949010000000000009", as_="operator-b", code=0)
    row = done.rows[0]
    assert (row["outcome"], row["subject"], row["reason"]) == ("warning", "8.2.1", "2.1"), row
    assert "iccid-luhn" in row["message"]


def test_a_number_stands_once(make_world):
    world = make_world(load=False)
    world.smctl("profile", "template", "add", "--builtin", "--type", "meter", as_="admin", code=0)
    number = world.csv("subscriptions-b.csv")[0]["msisdn"]
    import_rows(world, column("msisdn", number), 2, ["row 3", "column msisdn", "earlier row"])
    import_rows(world, lambda lines: lines[:2], 0, [])
    import_rows(world, lambda lines: lines[:1] + column("msisdn", number)(lines)[2:], 4,
                ["row 2", "column msisdn", "in stock already"])
    assert len(world.smctl("profile", "list", as_="operator-b", code=0).rows) == 1


@pytest.mark.skipif(not os.path.isdir(PACKAGES), reason="the packages of TS.48 are not here")
def test_test_profiles_on_a_commercial_range(make_world):
    world = make_world(meters=5, load=False)
    found = set()
    for name in sorted(f for f in os.listdir(PACKAGES) if f.endswith(".der")):
        done = world.smctl("profile", "template", "add", os.path.join(PACKAGES, name), "--type", "test", as_="admin", code=4)
        assert "8.2.5-3.8" in done.errors
        found.update(re.findall(r"profile rule ([\w-]+)", done.errors))
    assert found


def test_template_that_is_none(world):
    for name, octets in (("empty.der", b""), ("noise.der", bytes(range(256)) * 8), ("cut.der", b"\xa0\x82\x40\x00\x80\x01")):
        with open(world.file(name), "wb") as f:
            f.write(octets)
        done = world.smctl("profile", "template", "add", world.file(name), "--type", "noise", as_="admin")
        assert done.code in (2, 4) and done.errors, done
    done = world.smctl("profile", "push", "--eid", world.eids[0], "--type", "noise", as_="operator-b")
    assert done.code in (1, 4) and (done.rows[0]["subject"], done.rows[0]["reason"]) == ("8.2.5", "3.9")


def test_empty_stock(make_world):
    world = make_world(meters=5)
    world.push()
    world.stop("euiccsim")
    done = world.smctl("profile", "push", "--eid", world.eids[0], "--type", "meter", as_="operator-b")
    assert done.code in (1, 4) and (done.rows[0]["subject"], done.rows[0]["reason"]) == ("8.2.5", "3.7")
