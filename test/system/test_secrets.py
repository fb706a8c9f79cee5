# SPDX-License-Identifier: Apache-2.0
"""Canaries: keys that must not be where they have no business (design law 9). The SM-SR never holds a key of
a profile, not even in memory; the keys of its own cards are in no file it writes, neither clear nor as the EUM
wrapped them, and it leaves no core."""
import os
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import tempfile

from remora import BIN, wait_for

NOBODY = 65534
SHADOW = 1 << 28     # only the shadow of a sanitizer maps that much at once; it holds no data


def forms(raw):
    """As a key would show itself: octets, hexadecimal of either case."""
    return (raw, raw.hex().encode(), raw.hex().upper().encode())


def profile_keys(world):
    """K and OPc of both operators, and what else the subscriptions of B bring that is secret."""
    keys = {}
    for row in world.csv("subscriptions-b.csv"):
        for name in ("k", "opc", "ota_kic", "ota_kid", "ota_dek"):
            keys[f"{name} of {row['iccid']}"] = bytes.fromhex(row[name])
    for name in ("hss-a.csv", "hss-b.csv"):
        for row in world.csv(name):
            keys.update({f"{k} of IMSI {row['imsi']}": bytes.fromhex(row[k]) for k in ("k", "opc")})
    return keys


def card_keys(world):
    """Of fleet.bin: KIC, KID, DEK, PSK and the ECASD's private key of every card."""
    with open(world.file("world/fleet.bin"), "rb") as f:
        data = f.read()
    keys, at, n = {}, 8, 0
    while at < len(data):
        length = struct.unpack_from(">I", data, at)[0]
        record = data[at + 4:at + 4 + length]
        places = {"KIC": (17, 16), "KID": (33, 16), "DEK": (49, 16), "PSK": (67, 16), "ECASD": (83, 32)}
        keys.update({f"{name} of card {n}": record[a:a + b] for name, (a, b) in places.items()})
        at, n = at + 4 + length, n + 1
    assert n == world.meters and len(set(keys.values())) == 5 * n
    return keys


def wrapped(world, keys):
    """The keys as they came: a block under the EUM's one transport key, the same wherever it stands."""
    transport = world.text("pki/transport.key").strip()
    plain = b"".join(keys[name] for name in keys)
    done = subprocess.run(["openssl", "enc", "-aes-128-ecb", "-nopad", "-K", transport], input=plain,
                          capture_output=True, check=True).stdout
    assert len(done) == len(plain) == 16 * len(keys)
    return {f"wrapped {name}": done[16 * n:16 * n + 16] for n, name in enumerate(keys)}


def leaks(data, keys):
    return [name for name, raw in keys.items() if any(form in data for form in forms(raw))]


def memory(pid):
    """Everything a process has mapped and that can be read."""
    image = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            span, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            if end - start >= SHADOW:
                continue
            try:
                mem.seek(start)
                image.append(mem.read(end - start))
            except (OSError, ValueError, OverflowError):
                continue
    return b"\0".join(image)


def files(world, *folders):
    for folder in folders:
        for name in sorted(os.listdir(world.file(folder))):
            path = os.path.join(world.file(folder), name)
            if name != "reserve" and os.path.isfile(path):
                with open(path, "rb") as f:
                    yield f"{folder}/{name}", f.read()


def packets(world):
    """What the SM-SR sent to cards and heard from them: the bodies of the records that hold it."""
    db = sqlite3.connect(f"file:{world.file('smsr/journal.db')}?mode=ro", uri=True, timeout=10)
    try:
        return [bytes(body) for (body,) in db.execute(
            "SELECT body FROM journal WHERE body IS NOT NULL AND type IN ('operation.armed', 'packet.armed',"
            " 'operation.answered', 'notification.received')")]
    finally:
        db.close()


def logged(text, bodies):
    """Runs of eight octets and more, as hexadecimal in a log, that stand in one of the bodies."""
    runs = {bytes.fromhex(run[:len(run) // 2 * 2].decode()) for run in re.findall(rb"[0-9A-Fa-f]{16,}", text)}
    return [run for run in runs if any(run in body for body in bodies)]


def test_canaries(make_world, monkeypatch):
    monkeypatch.setenv("REMORA_LOG", "debug")
    world = make_world(meters=8)
    profile, card = profile_keys(world), card_keys(world)
    came = wrapped(world, {name: raw for name, raw in card.items() if len(raw) == 16})
    # The search finds what is there: in the operator's file, and in the memory of the cards.
    with open(world.file("world/subscriptions-b.csv"), "rb") as f:
        assert len(leaks(f.read(), profile)) == 8 * 7   # K and OPc stand in the HSS as well
    assert len(leaks(memory(world.pid("euiccsim")), card)) >= 8
    with open(world.file("world/fleet.eis"), "rb") as f:
        assert len(leaks(f.read(), came)) == len(came) == 8 * 4

    push = world.background("profile", "push", "--eids", world.file("world/eids.txt"), "--type", "meter", "--out",
                            world.file("pushed.txt"), as_="operator-b")
    while push.poll() is None:
        assert leaks(memory(world.pid("smsr")), profile) == []
    push.communicate()
    profiles = dict(line.split() for line in world.text("pushed.txt").splitlines())
    assert len(profiles) == 8
    world.enable(profiles)
    world.smctl("audit", world.eids[0], as_="fleet", code=0)
    image = memory(world.pid("smsr"))
    assert len(image) > 1 << 20 and leaks(image, profile) == []
    for moment in ("running", "killed", "stopped"):
        if moment == "killed":
            world.kill("smsr")
            world.kill("smdp")
        elif moment == "stopped":
            world.start("smsr", "smdp")
            world.stop()
        for name, data in files(world, "smsr", "smdp", "log"):
            assert leaks(data, profile) == [], f"{moment}: {name}"
            assert leaks(data, card) == [], f"{moment}: {name}"
            assert leaks(data, came) == [], f"{moment}: {name}"
    # T-NJ-4: no packet is logged, at no level, in its own form or in hexadecimal.
    bodies = packets(world)
    assert len(bodies) > 8 * 2
    log = b"".join(data for _, data in files(world, "log"))
    assert len(log) > 1000 and logged(b"sms " + bodies[0][-40:].hex().encode(), bodies)     # the search finds what is there
    assert logged(log, bodies) == [] and not any(body[-24:] in log for body in bodies)
    # Its neighbours' files are secret as well: nobody else may read them.
    for name in ("smsr", "smdp", "world"):
        assert os.stat(world.file(name)).st_mode & 0o077 == 0
    for name in ("world/fleet.bin", "world/fleet.ledger", "world/hss-b.csv", "world/subscriptions-b.csv"):
        assert os.stat(world.file(name)).st_mode & 0o077 == 0


def test_smdp_memory(make_world):
    """The SM-DP keeps Ki and OPc sealed: nothing of the file it was sent stays in its memory."""
    world = make_world(meters=8)
    profile = profile_keys(world)
    assert leaks(memory(world.pid("smdp")), profile) == []
    world.push()
    assert leaks(memory(world.pid("smdp")), profile) == []


def test_after_the_install_the_subscription_is_wiped(make_world):
    """The sealed secret of a profile goes with the need for it: no octet of it stays in the database, its free
    pages or its write-ahead log, nor in any other file of the SM-DP."""
    world = make_world(meters=5)
    sealed = secrets(world)
    assert len(sealed) == 5 and all(len(octets) > 100 for octets in sealed.values())
    assert found_sealed(world, sealed) == set(sealed)     # the search finds what is there
    iccids = set(world.push(world.eids[:4]).values())
    kept = {name: octets for name, octets in sealed.items() if name.split("/")[1] not in iccids}
    assert secrets(world) == kept and len(kept) == 1
    # The log is emptied into the database when the daemon has nothing else to do.
    wait_for("the end of the sealed octets", lambda: found_sealed(world, sealed) == set(kept))
    world.stop()
    assert found_sealed(world, sealed) == set(kept)


def secrets(world):
    db = sqlite3.connect(f"file:{world.file('smdp/journal.db')}?mode=ro", uri=True, timeout=10)
    try:
        return {str(name, "ascii") if isinstance(name, bytes) else name: bytes(octets) for name, octets in
                db.execute("SELECT id, sealed FROM secret WHERE CAST(id AS TEXT) LIKE 'subscription/%'")}
    finally:
        db.close()


def found_sealed(world, sealed):
    """Which of them stand in a file. A page may end inside of one: any piece of 32 octets counts."""
    data = b"".join(octets for _, octets in files(world, "smdp"))
    return {name for name, octets in sealed.items()
            if any(octets[at:at + 32] in data for at in range(0, len(octets) - 31, 16))}


def core_limit(pid):
    with open(f"/proc/{pid}/limits", encoding="utf-8") as f:
        line = next(line for line in f if line.startswith("Max core file size"))
    return line.split()[4:6]


def test_no_core(world):
    """No core file, whatever the shell that started them allows."""
    world.was_crashed = True
    for name in ("smsr", "smdp", "euiccsim"):
        pid = world.pid(name)
        assert core_limit(pid) == ["0", "0"], name
        os.kill(pid, signal.SIGSEGV)
        wait_for(f"the end of {name}", lambda: not alive(pid))
        for folder in (f"{world.dir}/{name}", world.dir, world.file("world"), os.getcwd()):
            assert not os.path.isdir(folder) or not [f for f in os.listdir(folder) if f.startswith("core")]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_nobody_else_looks_into_its_memory(make_world):
    """A process that is not dumpable belongs to root in /proc, whoever runs it: no debugger of the same
    user gets in."""
    world = make_world(meters=3, start=False)
    user = os.getuid() or NOBODY
    with tempfile.TemporaryDirectory() as home:
        os.chmod(home, 0o755)
        shutil.copytree(world.file("pki"), home + "/pki")
        for name in ("smsr.yaml", "smdp.yaml"):
            shutil.copy(world.file(name), home)
        for name in ("smsr", "smdp"):
            os.makedirs(home + "/bin", exist_ok=True)
            shutil.copy(f"{BIN}/{name}", home + "/bin")
        if os.getuid() == 0:
            for folder, _, names in os.walk(home):
                os.chown(folder, user, user)
                for name in names:
                    os.chown(os.path.join(folder, name), user, user)
        who = {"user": user, "group": user, "extra_groups": []} if os.getuid() == 0 else {}
        for command, owner in ((["sleep", "1000"], user), (["smsr"], 0), (["smdp"], 0)):
            if command[0] != "sleep":
                command = [f"{home}/bin/{command[0]}", "--config", f"{home}/{command[0]}.yaml"]
            process = subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **who)
            try:
                if owner == 0:
                    assert "ready" in process.stdout.readline()
                else:
                    wait_for("sleep", lambda: comm(process.pid) == "sleep")
                assert os.stat(f"/proc/{process.pid}/mem").st_uid == owner, command[0]
            finally:
                process.terminate()
                process.wait()
                process.stdout.close()


def comm(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8") as f:
        return f.read().strip()


def test_no_key_in_arguments_or_environment(world):
    keys = {**profile_keys(world), **card_keys(world)}
    for name in ("smsr", "smdp", "euiccsim"):
        for part in ("cmdline", "environ"):
            with open(f"/proc/{world.pid(name)}/{part}", "rb") as f:
                assert leaks(f.read(), keys) == []
