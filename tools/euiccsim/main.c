/* SPDX-License-Identifier: Apache-2.0 */
/* euiccsim: a fleet of simulated eUICCs (SGP.02) behind simulated mobile networks. */
#include "tools/euiccsim/app.h"
#include "tools/euiccsim/proof/report.h"

#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define EXIT_RUN 1
#define EXIT_USE 2

/* Cards hold keys: no core file and no look into the memory, whatever the shell allows. */
static void seal(void)
{
    const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int done(int rc, const struct errmsg *why)
{
    if (rc == ERR_OK)
        return 0;
    (void)fprintf(stderr, "euiccsim: %s\n", why->text[0] ? why->text : err_text(rc));
    if (rc == ERR_CONFIG || rc == ERR_EXISTS || rc == ERR_NOT_FOUND || rc == ERR_BUSY)
        return EXIT_USE;
    return EXIT_RUN;
}

static int cmd_world(int argc, char **argv, struct errmsg *why)
{
    struct world_conf conf;
    struct world_counts n;
    int rc = conf_world(argc, argv, &conf, why);

    if (rc == ERR_OK)
        rc = world_make(&conf.order, &n, why);
    if (rc == ERR_OK)
        printf("world %s: %u meters, %u without coverage, %u with an unknown IMSI\n",
               conf.order.dir, n.meters, n.no_coverage, n.unknown_imsi);
    return rc;
}

static int cmd_run(int argc, char **argv, struct errmsg *why)
{
    struct run_conf conf;
    int rc = conf_run(argc, argv, &conf, why);

    return rc == ERR_OK ? sim_app_run(&conf, why) : rc;
}

static int cmd_report(int argc, char **argv, struct errmsg *why)
{
    struct look_conf conf;
    int rc = conf_look(argc, argv, &conf, why);

    return rc == ERR_OK ? report_cards(conf.dir, why) : rc;
}

static int cmd_ledger(int argc, char **argv, struct errmsg *why)
{
    struct look_conf conf;
    int rc = conf_look(argc, argv, &conf, why);

    return rc == ERR_OK ? report_ledger(conf.dir, why) : rc;
}

static int cmd_quirks(int argc, char **argv, struct errmsg *why)
{
    struct run_conf conf;
    int rc = conf_run(argc, argv, &conf, why);

    return rc == ERR_OK ? report_quirks(&conf, why) : rc;
}

static int cmd_status(int argc, char **argv, struct errmsg *why)
{
    struct look_conf conf;
    int rc = conf_look(argc, argv, &conf, why);

    return rc == ERR_OK ? report_status(conf.coap, why) : rc;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv, struct errmsg *why);
} COMMANDS[] = {
    {"world", cmd_world},   {"run", cmd_run},       {"quirks", cmd_quirks},
    {"report", cmd_report}, {"ledger", cmd_ledger}, {"status", cmd_status},
};

int main(int argc, char **argv)
{
    struct errmsg why = {""};

    seal();
    if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
        conf_usage();
        return argc < 2 ? EXIT_USE : 0;
    }
    if (strcmp(argv[1], "proof") == 0)
        return report_main(argc - 1, argv + 1);
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0)
            return done(COMMANDS[i].run(argc - 2, argv + 2, &why), &why);
    (void)fprintf(stderr, "euiccsim: there is no command %.40s: see euiccsim help\n", argv[1]);
    return EXIT_USE;
}
