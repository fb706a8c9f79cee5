# SPDX-License-Identifier: Apache-2.0
"""RegisterEIS as published XML, signed by the EUM, from the file to a card that works: the importer is a process of its
own, a bad row costs itself alone, and the SM-SR believes nothing but what was signed."""
import base64
import hashlib
import os
import resource
import subprocess
import zipfile

import pytest
from wire import decode, eis_entries

GSMA = "http://namespaces.gsma.org/esim-messaging/3"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
EISIMPORT = os.path.join(os.environ.get("REMORA_BIN", "build/dev/bin"), "eisimport")


def leaf(name, value):
    if isinstance(value, bytes):
        value = value.decode()
    return f"<r:{name}>{value}</r:{name}>"


def plain_signature(der):
    """r and s of 32 octets each, out of a DER sequence."""
    assert der[0] == 0x30
    out, at = b"", 2
    for _ in range(2):
        length = der[at + 1]
        out += der[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + length
    return out


class Eum:
    def __init__(self, world):
        self.world = world
        self.key = world.file("pki/eum/eum.key")

    def sign(self, octets):
        done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=octets, stdout=subprocess.PIPE, check=True)
        return plain_signature(done.stdout)

    def signed_part(self, entry):
        """Canonical by hand: everything behind the start tag of EumSignedInfo."""
        i = decode("EumSignedInfo", entry["eum_signed_info"])
        c = i["EuiccCapabilities"]
        return (leaf("Eid", i["Eid"].hex()) + leaf("Eum-id", i["Eum_id"]) + leaf("ProductionDate", "2025-11-20T08:00:00Z")
                + leaf("PlatformType", i["PlatformType"]) + leaf("PlatformVersion", i["PlatformVersion"])
                + leaf("Isd-p-loadfile-aid", i["Isd_p_loadfile_aid"].hex().upper())
                + leaf("Isd-p-module-aid", i["Isd_p_module_aid"].hex())
                + "<r:Ecasd><r:Keyset>" + leaf("Version", 116) + "<r:Certificate>" + leaf("Index", 1)
                + leaf("CaId", "1.2.3") + leaf("Value", i["Ecasd"].hex().upper()) + "</r:Certificate></r:Keyset></r:Ecasd>"
                + "<r:EuiccCapabilities>" + leaf("CattpSupport", "true" if c.get("CattpSupport") else "false")
                + leaf("HttpSupport", "true" if c.get("HttpSupport") else "false") + leaf("SecurePacketVersion", "1.0")
                + leaf("RemoteProvisioningVersion", c["RemoteProvisioningVersion"]) + "</r:EuiccCapabilities></r:EumSignedInfo>")

    def signature(self, part, entry, method=ECDSA):
        octets = f'<r:EumSignedInfo xmlns:r="{GSMA}" Id="eum">{part}'.encode()
        digest = base64.b64encode(hashlib.sha256(octets).digest()).decode()
        inner = (f'<ds:CanonicalizationMethod Algorithm="{C14N}"></ds:CanonicalizationMethod>'
                 f'<ds:SignatureMethod Algorithm="{method}"></ds:SignatureMethod><ds:Reference URI="#eum"><ds:Transforms>'
                 f'<ds:Transform Algorithm="{C14N}"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="{SHA256}">'
                 f'</ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>')
        value = base64.b64encode(self.sign(f'<ds:SignedInfo xmlns:ds="{DSIG}">{inner}'.encode())).decode()
        cert = base64.b64encode(entry["eum_certificate"]).decode()
        return (f'<r:EumSignature xmlns:ds="{DSIG}"><ds:SignedInfo>{inner}<ds:SignatureValue>{value}</ds:SignatureValue>'
                f'<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{cert}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>'
                "</r:EumSignature>")

    @staticmethod
    def rest(entry):
        out = leaf("RemainingMemory", entry["RemainingMemory"])
        out += leaf("AvailableMemoryForProfiles", entry["AvailableMemoryForProfiles"]) + leaf("Smsr-id", entry["Smsr_id"])
        for p in entry["ProfileInfo"]:
            out += ("<r:ProfileInfo>" + leaf("Iccid", p["Iccid"]) + leaf("Isd-p-aid", p["Isd_p_aid"].hex())
                    + leaf("Mno-id", p["Mno_id"]) + leaf("FallbackAttribute", "1" if p.get("FallbackAttribute") else "0")
                    + "<r:SubscriptionAddress>"
                    + "".join(leaf(k, v) for k, v in p.get("SubscriptionAddress", {}).items()) + "</r:SubscriptionAddress>"
                    + leaf("State", p["State"].split("_")[1]) + (leaf("ProfileType", p["ProfileType"]) if "ProfileType" in p else "")
                    + leaf("AllocatedMemory", p.get("AllocatedMemory", 0)) + "</r:ProfileInfo>")
        out += "<r:Isd-r>" + leaf("Aid", "A0000005591010FFFFFFFF8900000100")
        for k in entry["Keyset"]:
            out += "<r:Keyset>" + leaf("Version", k["Version"]) + leaf("Cntr", k.get("Cntr", 0))
            for key in k["Key"]:
                out += (f'<r:Key kcv="{key["kcv"].hex()}">' + leaf("Index", key["Index"]) + '<r:KeyComponents><r:KeyComponent '
                        f'type="{key["Type"]:02x}" value="{key["Value"].hex()}"/></r:KeyComponents></r:Key>')
            out += "</r:Keyset>"
        return out + "</r:Isd-r>"

    def eis(self, entry, method=ECDSA, damage=lambda part: part):
        part = self.signed_part(entry)
        return (f'<r:Eis><r:EumSignedInfo Id="eum">{damage(part)}' + self.signature(part, entry, method)
                + self.rest(entry) + "</r:Eis>\n")

    def file(self, name, rows):
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<r:EisList xmlns:r="{GSMA}">\n' + "".join(rows) + "</r:EisList>\n"
        path = self.world.file(name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path


@pytest.fixture
def bare(make_world):
    return make_world(load=False)


def imported(world, path, *more, code=None):
    return world.smctl("eis", "import", path, "--transport-key", "eum-smsr", *more, as_="eum", code=code)


def test_a_list_with_one_bad_row(bare):
    """19 of 20 are registered, the bad one is named, the rows sum, a second import changes nothing."""
    world, eum = bare, Eum(bare)
    entries = eis_entries(world.file("world/fleet.eis"))
    rows = [eum.eis(e) for e in entries]
    rows[6] = eum.eis(entries[6], damage=lambda part: part.replace("Ecasd>", "Ecasd> ", 1))
    path = eum.file("cards.xml", rows)
    done = imported(world, path, "--order", "PO-7", code=4)
    bad = [r for r in done.rows if r.get("outcome") == "refused"]
    assert [(r["row"], r["eid"]) for r in bad] == [(7, world.eids[6])]
    assert "signature does not fit" in bad[0]["message"] and "ask the EUM" in bad[0]["message"]
    batch = [r["batch"] for r in done.rows if "batch" in r][0]
    assert (batch["rows"], batch["accepted"], batch["refused"], batch["known"]) == (20, 19, 1, 0)
    with open(path, "rb") as f:
        assert batch["hash"].lower() == hashlib.sha256(f.read()).hexdigest()
    again = [r["batch"] for r in imported(world, path, "--order", "PO-7", code=4).rows if "batch" in r][0]
    assert (again["accepted"], again["refused"], again["known"]) == (0, 1, 19)
    kept = world.smctl("eis", "batches", as_="eum", code=0).rows
    assert [(k["order"], k["rows"], k["accepted"], k["refused"], k["known"]) for k in kept] == [("PO-7", 20, 19, 1, 0)]
    found = world.smctl("eis", "list", "--batch", batch["hash"], as_="admin", code=0).rows
    assert {r["eid"] for r in found} == set(world.eids) - {world.eids[6]}
    assert not world.smctl("eis", "list", "--batch", batch["hash"], "--never-seen", as_="admin", code=0).rows
    # Mended by its EUM, the one that is missing goes in.
    rows[6] = eum.eis(entries[6])
    done = imported(world, eum.file("mended.xml", rows), code=0)
    assert done.rows[-1]["summary"]["ok"] == 1 and done.rows[-1]["summary"]["already"] == 19
    world.smctl("log", "verify", as_="auditor", code=0)


def test_a_zip_and_a_card_that_works(bare):
    """Two lists in a zip; a card that came so is downloaded to and switched as any other."""
    world, eum = bare, Eum(bare)
    entries = eis_entries(world.file("world/fleet.eis"))
    names = [eum.file("a.xml", [eum.eis(e) for e in entries[:12]]), eum.file("b.xml", [eum.eis(e) for e in entries[12:]])]
    with zipfile.ZipFile(world.file("cards.zip"), "w", zipfile.ZIP_DEFLATED) as z:
        for name in names:
            z.write(name, os.path.basename(name))
    done = imported(world, world.file("cards.zip"), code=0)
    assert done.rows[-1]["summary"]["ok"] == 20
    card = world.eids[0]
    world.smctl("audit", card, as_="fleet", code=0)
    shown = world.smctl("eis", "show", card, as_="fleet", code=0)
    assert "SEEN" in str(shown.rows)
    world.smctl("eis", "drift", card, as_="fleet", code=0)
    world.smctl("eis", "state", card, "QUARANTINED", "--reason", "smoke", as_="fleet", code=0)
    assert [r["eid"] for r in world.smctl("eis", "list", "--state", "quarantined", as_="fleet", code=0).rows] == [card]


HOSTILE = {
    "an XML bomb": ('<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9)) + "]><l>&j;</l>", "document type"),
    "an external entity": ('<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>', "document type"),
    "a DTD of the network": ('<!DOCTYPE l SYSTEM "http://127.0.0.1:9/x.dtd"><l/>', "document type"),
    "no XML at all": ("<<<<", "no well-formed XML"),
    "nested deep": ("<a>" * 5000, "deeper"),
}


def test_hostile_files(bare):
    world, eum = bare, Eum(bare)
    for what, (text, word) in HOSTILE.items():
        with open(world.file("bad.xml"), "w", encoding="utf-8") as f:
            f.write(text)
        done = imported(world, world.file("bad.xml"), code=2)
        assert word in done.errors and "bad.xml" in done.errors, f"{what}: {done.errors}"
        assert "root:" not in done.errors
    entry = eis_entries(world.file("world/fleet.eis"))[0]
    sha1 = eum.file("sha1.xml", [eum.eis(entry, method="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1")])
    done = imported(world, sha1, code=4)
    assert "SHA-1" in done.rows[0]["message"] and "ecdsa-sha256" in done.rows[0]["message"]
    unsigned = eum.eis(entry)
    start, end = unsigned.index("<r:EumSignature"), unsigned.index("</r:EumSignature>")
    done = imported(world, eum.file("unsigned.xml", [unsigned[:start] + "<r:EumSignature>" + unsigned[end:]]), code=4)
    assert "not signed by its EUM" in done.rows[0]["message"]
    assert world.smctl("eis", "list", as_="fleet", code=0).rows == []


def test_the_importer_alone_in_a_pipe(bare):
    """XML in, an .eis file out; the process may open nothing once it reads the XML, and has room for no more than it says."""
    world, eum = bare, Eum(bare)
    entries = eis_entries(world.file("world/fleet.eis"))
    with open(eum.file("cards.xml", [eum.eis(e) for e in entries[:3]]), "rb") as f:
        xml = f.read()
    done = subprocess.run([EISIMPORT, "--transport-key", "eum-smsr"], input=xml, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    with open(world.file("out.eis"), "wb") as f:
        f.write(done.stdout)
    assert len(eis_entries(world.file("out.eis"))) == 3
    assert world.smctl("eis", "import", world.file("out.eis"), as_="eum", code=0).rows[-1]["summary"]["ok"] == 3
    # Without room for the file it says so and gives nothing half.
    limit = (64 << 20, 64 << 20)
    done = subprocess.run([EISIMPORT, "--rows"], input=b"<l>" + b"<a/>" * 900000 + b"</l>", stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit))
    ended = done.returncode == 2 or b"AddressSanitizer" in done.stderr      # which needs more room than there is
    assert ended and b"Z" not in done.stdout[4:5], done
