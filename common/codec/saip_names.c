/* SPDX-License-Identifier: Apache-2.0 */
/* Names of what a profile package only numbers: the files of the templates with the file ids they
 * have unless the package says otherwise (TCA profile package specification, annex A; TS 31.102,
 * TS 31.103), and the services a package may demand (ServicesList). */
#include "common/codec/saip.h"

#include "common/codec/tlv.h"

#include <stdlib.h>

/* Fields from [2] on, in order: the name, and behind it the file id of the template. A later
 * version only adds fields at the end. */
static const char *const FILES[SAIP_PE_TAGS] = {
    [16] = "mf 3F00,ef-pl 2F05,ef-iccid 2FE2,ef-dir 2F00,ef-arr 2F06,ef-umpc 2F08",
    [17] = "df-cd 7F11,ef-launchpad 6F01,ef-icon",
    [18] = "df-telecom 7F10,ef-arr 6F06,ef-rma 6F53,ef-sume 6F54,ef-ice-dn 6FE0,ef-ice-ff 6FE1,"
           "ef-psismsc 6FE5,df-graphics 5F50,ef-img 4F20,ef-iidf,ef-ice-graphics 4F21,"
           "ef-launch-scws 4F01,ef-icon,df-phonebook 5F3A,ef-pbr 4F30,ef-ext1,ef-aas,ef-gas,"
           "ef-psc 4F22,ef-cc 4F23,ef-puid 4F24,ef-iap,ef-adn,ef-pbc,ef-anr,ef-puri,ef-email,"
           "ef-sne,ef-uid,ef-grp,ef-ccp1,df-multimedia 5F3B,ef-mml 4F47,ef-mmdf 4F48,"
           "df-mmss 5F3C,ef-mlpl 4F20,ef-mspl 4F21,ef-mmssmode 4F22,df-mcs 5F3D,ef-mst 4F01,"
           "ef-mcs-config 4F02,df-v2x 5F3E,ef-vst 4F01,ef-v2x-config 4F02,ef-v2xp-pc5 4F03,"
           "ef-v2xp-uu 4F04",
    [19] = "adf-usim,ef-imsi 6F07,ef-arr 6F06,ef-keys 6F08,ef-keysps 6F09,ef-hpplmn 6F31,"
           "ef-ust 6F38,ef-fdn 6F3B,ef-sms 6F3C,ef-smsp 6F42,ef-smss 6F43,ef-spn 6F46,ef-est 6F56,"
           "ef-start-hfn 6F5B,ef-threshold 6F5C,ef-psloci 6F73,ef-acc 6F78,ef-fplmn 6F7B,"
           "ef-loci 6F7E,ef-ad 6FAD,ef-ecc 6FB7,ef-netpar 6FC4,ef-epsloci 6FE3,ef-epsnsc 6FE4",
    [20] = "ef-li 6F05,ef-acmax 6F37,ef-acm 6F39,ef-gid1 6F3E,ef-gid2 6F3F,ef-msisdn 6F40,"
           "ef-puct 6F41,ef-cbmi 6F45,ef-cbmid 6F48,ef-sdn 6F49,ef-ext2 6F4B,ef-ext3 6F4C,"
           "ef-cbmir 6F50,ef-plmnwact 6F60,ef-oplmnwact 6F61,ef-hplmnwact 6F62,ef-dck 6F2C,"
           "ef-cnl 6F32,ef-smsr 6F47,ef-bdn 6F4D,ef-ext5 6F4E,ef-ccp2 6F4F,ef-ext4 6F55,"
           "ef-acl 6F57,ef-cmi 6F58,ef-ici 6F80,ef-oci 6F81,ef-ict 6F82,ef-oct 6F83,ef-vgcs 6FB1,"
           "ef-vgcss 6FB2,ef-vbs 6FB3,ef-vbss 6FB4,ef-emlpp 6FB5,ef-aaem 6FB6,ef-hiddenkey 6FC3,"
           "ef-pnn 6FC5,ef-opl 6FC6,ef-mbdn 6FC7,ef-ext6 6FC8,ef-mbi 6FC9,ef-mwis 6FCA,"
           "ef-cfis 6FCB,ef-ext7 6FCC,ef-spdi 6FCD,ef-mmsn 6FCE,ef-ext8 6FCF,ef-mmsicp 6FD0,"
           "ef-mmsup 6FD1,ef-mmsucp 6FD2,ef-nia 6FD3,ef-vgcsca 6FD4,ef-vbsca 6FD5,ef-gbabp 6FD6,"
           "ef-msk 6FD7,ef-muk 6FD8,ef-ehplmn 6FD9,ef-gbanl 6FDA,ef-ehplmnpi 6FDB,"
           "ef-lrplmnsi 6FDC,ef-nafkca 6FDD,ef-spni 6FDE,ef-pnni 6FDF,ef-ncp-ip 6FE2,ef-ufc 6FE6,"
           "ef-nasconfig 6FE8,ef-uicciari 6FE7,ef-pws 6FEC,ef-fdnuri 6FED,ef-bdnuri 6FEE,"
           "ef-sdnuri 6FEF,ef-ial 6FF0,ef-ips 6FF1,ef-ipd 6FF2,ef-epdgid 6FF3,"
           "ef-epdgselection 6FF4,ef-epdgidem 6FF5,ef-epdgselectionem 6FF6,ef-frompreferred 6FF7,"
           "ef-imsconfigdata 6FF8,ef-3gpppsdataoff 6FF9,ef-3gpppsdataoffservicelist 6FFA,"
           "ef-xcapconfigdata 6FFC,ef-earfcnlist 6FFD,ef-mudmidconfigdata 6FFE,ef-eaka",
    [21] = "adf-isim,ef-impi 6F02,ef-impu 6F04,ef-domain 6F03,ef-ist 6F07,ef-ad 6FAD,ef-arr 6F06",
    [22] = "ef-pcscf 6F09,ef-sms 6F3C,ef-smsp 6F42,ef-smss 6F43,ef-smsr 6F47,ef-gbabp 6FD5,"
           "ef-gbanl 6FD7,ef-nafkca 6FDD,ef-uicciari 6FE7,ef-frompreferred 6FF7,"
           "ef-imsconfigdata 6FF8,ef-xcapconfigdata 6FFC,ef-webrtcuri 6FFA,ef-mudmidconfigdata",
    [23] = "df-phonebook 5F3A,ef-pbr 4F30,ef-ext1,ef-aas,ef-gas,ef-psc 4F22,ef-cc 4F23,"
           "ef-puid 4F24,ef-iap,ef-adn,ef-pbc,ef-anr,ef-puri,ef-email,ef-sne,ef-uid,ef-grp,ef-ccp1",
    [24] = "df-gsm-access 5F3B,ef-kc 4F20,ef-kcgprs 4F52,ef-cpbcch 4F63,ef-invscan 4F64",
    [25] = "adf-csim,ef-arr,ef-call-count,ef-imsi-m,ef-imsi-t,ef-tmsi,ef-ah,ef-aop,ef-aloc,"
           "ef-cdmahome,ef-znregi,ef-snregi,ef-distregi,ef-accolc,ef-term,ef-acp,ef-prl,ef-ruimid,"
           "ef-csim-st,ef-spc,ef-otapaspc,ef-namlock,ef-ota,ef-sp,ef-esn-meid-me,ef-li,ef-usgind,"
           "ef-ad,ef-max-prl,ef-spcs,ef-mecrp,ef-home-tag,ef-group-tag,ef-specific-tag,"
           "ef-call-prompt",
    [27] = "df-eap,ef-eapkeys 4F01,ef-eapstatus 4F02,ef-puid 4F03,ef-ps 4F04,ef-curid 4F20,"
           "ef-reid 4F21,ef-realm 4F22",
    [28] = "df-5gs 5FC0,ef-5gs3gpploci 4F01,ef-5gsn3gpploci 4F02,ef-5gs3gppnsc 4F03,"
           "ef-5gsn3gppnsc 4F04,ef-5gauthkeys 4F05,ef-uac-aic 4F06,ef-suci-calc-info 4F07,"
           "ef-opl5g 4F08,ef-supinai 4F09,ef-routing-indicator 4F0A,ef-ursp 4F0B,"
           "ef-tn3gppsnn 4F0C,ef-cag,ef-sor-cmci,ef-dri,ef-5gsedrx,ef-5gnswo-conf,ef-mchpplmn,"
           "ef-kausf-derivation",
    [29] = "df-saip 5FD0,ef-suci-calc-info-usim 4F01",
    [30] = "df-snpn,ef-pws-snpn",
    [31] = "df-5g-prose,ef-5g-prose-st,ef-5g-prose-dd,ef-5g-prose-dc,ef-5g-prose-u2nru,"
           "ef-5g-prose-ru,ef-5g-prose-uir",
    [32] = "mf 3F00,ef-pl 2F05,ef-iccid 2FE2,ef-dir 2F00,ef-arr 2F06,ef-umpc 2F08,adf-usim,"
           "ef-imsi 6F07,ef-arr-usim 6F06,ef-keys 6F08,ef-keysps 6F09,ef-hpplmn 6F31,ef-ust 6F38,"
           "ef-start-hfn 6F5B,ef-threshold 6F5C,ef-psloci 6F73,ef-acc 6F78,ef-fplmn 6F7B,"
           "ef-loci 6F7E,ef-ad 6FAD,ef-ecc 6FB7,ef-netpar 6FC4",
};

/* The item at index of a list by commas; false behind its end. */
static bool item_at(const char *list, unsigned index, struct span *ret)
{
    size_t n;

    while (index && (list = strchr(list, ',')) != NULL) {
        list++;
        index--;
    }
    if (!list)
        return false;
    n = strcspn(list, ",");
    *ret = span_of(list, n);
    return true;
}

void saip_file_name(uint32_t pe_tag, uint32_t field, char dst[SAIP_NAME], uint16_t *ret_fid)
{
    const char *list = pe_tag < SAIP_PE_TAGS ? FILES[pe_tag] : NULL;
    struct span item;
    size_t n = 0;

    dst[0] = '\0';
    *ret_fid = 0;
    if (!list || field < 2 || !item_at(list, field - 2, &item))
        return;
    while (n < item.n && item.p[n] != ' ')
        n++;
    if (n >= SAIP_NAME)
        return;
    memcpy(dst, item.p, n);
    dst[n] = '\0';
    if (n < item.n)
        *ret_fid = (uint16_t)strtoul((const char *)item.p + n + 1, NULL, 16);
}

/* ServicesList, [0] to [29]. */
static const char *const SERVICES[SAIP_SERVICES] = {
    "contactless",
    "usim",
    "isim",
    "csim",
    "milenage",
    "tuak128",
    "cave",
    "gba-usim",
    "gba-isim",
    "mbms",
    "eap",
    "javacard",
    "multos",
    "multiple-usim",
    "multiple-isim",
    "multiple-csim",
    "tuak256",
    "usim-test-algorithm",
    "ber-tlv",
    "dfLink",
    "cat-tp",
    "get-identity",
    "profile-a-x25519",
    "profile-b-p256",
    "suciCalculatorApi",
    "dns-resolution",
    "scp11ac",
    "scp11c-authorization-mechanism",
    "s16mode",
    "eaka",
};

const char *saip_service_name(unsigned service)
{
    return service < SAIP_SERVICES ? SERVICES[service] : NULL;
}

int saip_services(struct span services, uint32_t *ret_bits, unsigned *ret_unknown)
{
    struct reader r = rd_init(saip_value(services));
    struct tlv t;
    int rc;
    *ret_bits = 0;
    *ret_unknown = 0;
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
        uint32_t n = t.tag < 0x100 ? t.tag & 0x1F : t.tag & 0x7F;
        if ((t.raw.p[0] & 0xE0) != 0x80)
            return ERR_FORMAT;
        if (n < SAIP_SERVICES)
            *ret_bits |= 1u << n;
        else
            ++*ret_unknown;
    }
    return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}
