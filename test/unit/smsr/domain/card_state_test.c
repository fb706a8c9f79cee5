/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_smsr_domain */
/* Every pair of states, and every function in every state. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/card_state.h"

#define NO  MOVE_NONE
#define SAW MOVE_CONTACT
#define SAY MOVE_COMMAND
#define CHG MOVE_PROCEDURE

static void every_move(void **state)
{
    /* from:     none REGISTERED SEEN QUARANTINED LOST RETIRED TRANSFERRED */
    static const enum card_move WANT[CARD_STATE_COUNT][CARD_STATE_COUNT] = {
        [CARD_NONE] = {NO, NO, NO, NO, NO, NO, NO},
        [CARD_REGISTERED] = {NO, NO, SAW, SAY, SAY, SAY, CHG},
        [CARD_SEEN] = {NO, NO, NO, SAY, SAY, SAY, CHG},
        [CARD_QUARANTINED] = {NO, SAY, SAY, NO, SAY, SAY, NO},
        [CARD_LOST] = {NO, SAY, SAY, SAY, NO, SAY, NO},
        [CARD_RETIRED] = {NO, NO, NO, NO, NO, NO, NO},
        [CARD_TRANSFERRED] = {NO, NO, NO, NO, NO, NO, NO},
    };

    for (unsigned f = 0; f < CARD_STATE_COUNT; f++)
        for (unsigned t = 0; t < CARD_STATE_COUNT; t++)
            if (card_state_move((enum card_state)f, (enum card_state)t) != WANT[f][t])
                fail_msg("%s to %s", card_state_text((enum card_state)f), card_state_text((enum card_state)t));
    assert_int_equal(card_state_move(CARD_STATE_COUNT, CARD_SEEN), MOVE_NONE);
    (void)state;
}

static void every_refusal(void **state)
{
    static const struct { enum function fn; bool quarantined, lost, retired; } ROWS[] = {
        {FN_CREATE_ISDP, true, true, true},
        {FN_SEND_DATA, true, true, true},
        {FN_ENABLE_PROFILE, true, true, true},
        {FN_SET_FALLBACK_ATTRIBUTE, true, true, true},
        {FN_SET_EMERGENCY_ATTRIBUTE, true, true, true},
        {FN_UPDATE_CONNECTIVITY, true, true, true},
        {FN_MASTER_DELETE, true, false, true},
        {FN_UPDATE_EIS_PROPERTIES, false, false, true},
        {FN_DISABLE_PROFILE, true, false, true},
        {FN_DELETE_PROFILE, true, false, true},
        {FN_AUDIT_EIS, false, false, true},
        {FN_UPDATE_SUBSCRIPTION_ADDRESS, false, false, true},
        {FN_UPDATE_POLICY_RULES, false, false, true},
        {FN_PROFILE_DOWNLOAD_COMPLETED, false, false, false},
        {FN_GET_EIS, false, false, false},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        enum function f = ROWS[i].fn;
        assert_int_equal(card_state_refuses(CARD_REGISTERED, f), ST_OK);
        assert_int_equal(card_state_refuses(CARD_SEEN, f), ST_OK);
        assert_int_equal(card_state_refuses(CARD_QUARANTINED, f),
                         ROWS[i].quarantined ? ST_CARD_QUARANTINED : ST_OK);
        assert_int_equal(card_state_refuses(CARD_LOST, f), ROWS[i].lost ? ST_CARD_LOST : ST_OK);
        assert_int_equal(card_state_refuses(CARD_RETIRED, f), ROWS[i].retired ? ST_CARD_RETIRED : ST_OK);
        assert_int_equal(card_state_refuses(CARD_TRANSFERRED, f), ST_EID_UNKNOWN);
    }
    assert_int_equal(card_state_refuses(CARD_STATE_COUNT, FN_GET_EIS), ST_OK);
    (void)state;
}

static void words(void **state)
{
    for (unsigned s = CARD_REGISTERED; s < CARD_STATE_COUNT; s++)
        assert_int_equal(card_state_parse(span_str(card_state_text((enum card_state)s))), s);
    assert_int_equal(card_state_parse(span_str("GONE")), CARD_NONE);
    assert_string_equal(card_state_text(CARD_STATE_COUNT), "?");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_move),
        cmocka_unit_test(every_refusal),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
