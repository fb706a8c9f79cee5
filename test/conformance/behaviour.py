# SPDX-License-Identifier: Apache-2.0
"""4.2, the card by each bearer, and 5.3, what the parties are told; both with the card or its network as a witness."""
from suite import (BOOT, DISABLED, EID, ENABLED, FRESH, ICCID, SMSR, agrees, answered, away, back, call, card_says, case, done,
                   eis_says, field, heard, went_by)

ENABLE = call("sp", "ES4_EnableProfile", Eid=EID, Iccid=ICCID)
DISABLE = call("sp", "ES4_DisableProfile", Eid=EID, Iccid=ICCID)
DELETE = call("sp", "ES4_DeleteProfile", Eid=EID, Iccid=ICCID)
AUDIT = call("sp", "ES4_AuditEIS", Eid=EID)

# --- who is told (facts 1.3; SGP.02 3.2 to 3.7) ---
case("5.3 enable", "the owner of the profile switched off is told", "SGP.02 3.2", DISABLED, ENABLE,
     (done, heard("other", "ES4_HandleProfileDisabledNotification", BOOT),
      heard("owner", "ES2_HandleProfileEnabledNotification")))
case("5.3 disable", "both owners are told", "SGP.02 3.4", ENABLED, DISABLE,
     (done, heard("other", "ES4_HandleProfileEnabledNotification", BOOT),
      heard("owner", "ES2_HandleProfileDisabledNotification")))
case("5.3 delete", "the owner is told", "SGP.02 3.6", DISABLED, DELETE,
     (done, heard("owner", "ES2_HandleProfileDeletedNotification")))

# --- the card as a witness ---
case("4.2 enable", "the card has switched when success is told", "SGP.02 3.2", DISABLED, ENABLE, (done, card_says(ICCID)), "lab")
case("4.2 disable", "the card is back on its fall-back profile", "SGP.02 3.4", ENABLED, DISABLE, (done, card_says(BOOT)), "lab")


# --- the new network does not take the card; the card is away ---
for kind in ("no-coverage", "unknown-imsi"):
    case("5.3 connectivity", f"8.4-4.2 the card rolls back, {kind}", "SGP.02 3.2", DISABLED, ENABLE,
         (answered("FAILED 8.4-4.2"), card_says(BOOT), agrees), f"lab {kind}")
case("5.3 expiry", "1.6-5.4 sent and not answered, the verdict follows the card", "design 3.4", DISABLED,
     (away, call("sp", "ES4_EnableProfile", Eid=EID, Iccid=ICCID, ValidityPeriod=60), back),
     (answered("EXPIRED 1.6-5.4"), agrees), "lab")


def by_bearer(bearer):
    """Every command of a card's life by one bearer, in a world where no other can carry them."""
    area = {"sms": "4.2 SMS", "cattp": "4.2 CAT_TP", "https": "4.2 HTTPS"}[bearer]
    needs = f"lab {bearer}"
    if bearer != "sms":                  # it carries no profile
        download = call("owner", "ES2_DownloadProfile", Eid=EID, SmSr_id=SMSR, ProfileType="meter")
        case(area, "download", "SGP.02 3.1", FRESH, download, (done, went_by(bearer)), needs)
    case(area, "enable, disable, delete", "SGP.02 4.1.1", DISABLED, (ENABLE, DISABLE, DELETE), (done, eis_says(None)), needs)
    case(area, "audit", "SGP.02 4.1.1.6", FRESH, AUDIT, (done, field("Eis", lambda scene: scene.said["Eis"])), needs)


for name in ("sms", "cattp", "https"):
    by_bearer(name)
