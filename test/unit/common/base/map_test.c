/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/list.h"
#include "common/base/map.h"

static void put_get_del(void **state)
{
    (void)state;
    int a = 1, b = 2;
    struct map *m = map_new(0);
    assert_null(map_get(m, span_str("a")));
    assert_int_equal(map_put(m, span_str("a"), &a), ERR_OK);
    assert_int_equal(map_put(m, span_str("a"), &b), ERR_EXISTS);
    assert_int_equal(map_put(m, span_str("aa"), &b), ERR_OK);
    assert_int_equal(map_put(m, (struct span){NULL, 0}, &b), ERR_OK);
    assert_ptr_equal(map_get(m, span_str("a")), &a);
    assert_ptr_equal(map_get(m, span_str("")), &b);
    assert_int_equal(map_count(m), 3);
    assert_ptr_equal(map_del(m, span_str("a")), &a);
    assert_null(map_del(m, span_str("a")));
    assert_null(map_get(m, span_str("a")));
    assert_int_equal(map_count(m), 2);
    map_free(m);
    map_free(NULL);
}

static void limits_are_kept(void **state)
{
    (void)state;
    int v = 0;
    uint8_t key[MAP_KEY_MAX + 1] = {0};
    struct map *m = map_new(2);
    assert_int_equal(map_put(m, span_of(key, MAP_KEY_MAX + 1), &v), ERR_INVAL);
    assert_int_equal(map_put(m, span_of(key, 1), NULL), ERR_INVAL);
    assert_null(map_get(m, span_of(key, MAP_KEY_MAX + 1)));
    assert_int_equal(map_put(m, span_of(key, MAP_KEY_MAX), &v), ERR_OK);
    assert_int_equal(map_put(m, span_of(key, 1), &v), ERR_OK);
    assert_int_equal(map_put(m, span_of(key, 2), &v), ERR_FULL);
    assert_int_equal(map_put(m, span_of(key, 1), &v), ERR_EXISTS);
    assert_ptr_equal(map_del(m, span_of(key, 1)), &v);
    assert_int_equal(map_put(m, span_of(key, 2), &v), ERR_OK);
    map_free(m);
}

static void many_entries_keep_their_order(void **state)
{
    (void)state;
    static uint32_t keys[5000];
    struct map *m = map_new(0);
    for (uint32_t i = 0; i < 5000; i++) {
        keys[i] = i * 2654435761U;
        assert_int_equal(map_put(m, span_of(&keys[i], 4), &keys[i]), ERR_OK);
    }
    for (uint32_t i = 0; i < 5000; i += 2)
        assert_ptr_equal(map_del(m, span_of(&keys[i], 4)), &keys[i]);
    assert_int_equal(map_count(m), 2500);
    void *cursor = NULL;
    void *value;
    struct span key;
    uint32_t at = 1;
    for (; map_next(m, &cursor, &key, &value); at += 2) {
        assert_ptr_equal(value, &keys[at]);
        assert_true(span_eq(key, span_of(&keys[at], 4)));
        assert_ptr_equal(map_get(m, key), value);
    }
    assert_int_equal(at, 5001);
    map_clear(m);
    assert_int_equal(map_count(m), 0);
    assert_null(map_get(m, span_of(&keys[1], 4)));
    map_free(m);
}

static void deleting_the_entry_just_returned(void **state)
{
    (void)state;
    int v[3];
    struct map *m = map_new(0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(map_put(m, span_of(&i, sizeof(i)), &v[i]), ERR_OK);
    void *cursor = NULL;
    void *value;
    struct span key;
    int n = 0;
    while (map_next(m, &cursor, &key, &value)) {
        uint8_t copy[MAP_KEY_MAX];
        memcpy(copy, key.p, key.n);
        assert_ptr_equal(map_del(m, span_of(copy, key.n)), &v[n++]);
    }
    assert_int_equal(n, 3);
    assert_int_equal(map_count(m), 0);
    assert_false(map_next(m, &cursor, NULL, NULL)); /* the end stays the end */
    cursor = NULL;
    assert_false(map_next(m, &cursor, NULL, NULL));
    map_free(m);
}

struct item {
    int v;
    struct list link;
};

static void list_keeps_insertion_order(void **state)
{
    (void)state;
    struct list head;
    struct item items[3] = {{.v = 0}, {.v = 1}, {.v = 2}};
    list_init(&head);
    assert_true(list_empty(&head));
    assert_null(list_pop(&head));
    for (int i = 0; i < 3; i++)
        list_push(&head, &items[i].link);
    int want = 0;
    LIST_EACH (it, &head)
        assert_int_equal(LIST_ENTRY(it, struct item, link)->v, want++);
    assert_int_equal(want, 3);
    list_del(&items[1].link);
    list_del(&items[1].link); /* re-initialised: a second time does no harm */
    assert_ptr_equal(list_pop(&head), &items[0].link);
    LIST_EACH_SAFE (it, tmp, &head)
        list_del(it);
    assert_true(list_empty(&head));
}

static void no_map_is_empty(void **state)
{
    void *cursor = NULL, *value;

    (void)state;
    map_clear(NULL);
    assert_false(map_next(NULL, &cursor, NULL, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_map_is_empty),
        cmocka_unit_test(put_get_del),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(many_entries_keep_their_order),
        cmocka_unit_test(deleting_the_entry_just_returned),
        cmocka_unit_test(list_keeps_insertion_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
