/* SPDX-License-Identifier: Apache-2.0 */
/* smdp: the SM-DP. Exit codes: 0 stopped by a signal, or the check found nothing; 1 it cannot start
 * (one sentence says why); 2 wrong command line; 3 stopped by a fault, its state is safe. */
#include "common/base/log.h"
#include "smdp/app.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { EXIT_START = 1, EXIT_USAGE = 2, EXIT_FAULT = 3 };

struct arguments {
    const char *config, *state, *listen;
    unsigned time_scale;
    enum log_level level;
    bool check;
};

static const char USAGE[] =
    "usage: smdp --config FILE [--state DIR] [--listen ADDRESS:PORT] [--time-scale K]\n"
    "            [--log-level error|warn|notice|info|debug] [--check-config]\n"
    "       smdp --version | --help\n"
    "\n"
    "  --config FILE      YAML or JSON\n"
    "  --state DIR        instead of smdp.state; mode 0700, made when absent\n"
    "  --listen A:P       instead of smdp.listen; port 0 takes a free one\n"
    "  --time-scale K     divides all timers by K (1 to 10000), for laboratories\n"
    "  --log-level L      notice unless given\n"
    "  --check-config     reads configuration, keys and certificates, says what is wrong, and "
    "ends\n"
    "\n"
    "Prints \"smdp ready listen=...\" when it serves. SIGTERM or SIGINT ends it.\n"
    "Exit codes: 0 ended well; 1 cannot start; 2 wrong command line; 3 stopped by a fault.\n";

static bool number(const char *s, unsigned max, unsigned *ret)
{
    char *end;
    unsigned long v = strtoul(s, &end, 10);

    if (s[0] < '0' || s[0] > '9' || *end || v < 1 || v > max)
        return false;
    *ret = (unsigned)v;
    return true;
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct arguments *a)
{
    static const struct option OPTIONS[] = {{"config", required_argument, NULL, 'c'},
                                            {"state", required_argument, NULL, 's'},
                                            {"listen", required_argument, NULL, 'l'},
                                            {"time-scale", required_argument, NULL, 't'},
                                            {"log-level", required_argument, NULL, 'v'},
                                            {"check-config", no_argument, NULL, 'k'},
                                            {"version", no_argument, NULL, 'V'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        bool ok = true;
        switch (c) {
        case 'c':
            a->config = optarg;
            break;
        case 's':
            a->state = optarg;
            break;
        case 'l':
            a->listen = optarg;
            break;
        case 't':
            ok = number(optarg, 10000, &a->time_scale);
            break;
        case 'v':
            ok = log_level_parse(optarg, &a->level);
            break;
        case 'k':
            a->check = true;
            break;
        case 'V':
            (void)puts("smdp " SMDP_VERSION);
            return 0;
        case 'h':
            (void)fputs(USAGE, stdout);
            return 0;
        default:
            ok = false;
            break;
        }
        if (!ok) {
            (void)fputs(USAGE, stderr);
            return EXIT_USAGE;
        }
    }
    if (optind == argc && a->config)
        return -1;
    (void)fputs(USAGE, stderr);
    return EXIT_USAGE;
}

/* Keys live in this memory: no core file, no debugger, no file for others. */
static int harden(void)
{
    const struct rlimit none = {0, 0};

    (void)umask(077);
    return setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int serve(struct dp_conf *conf, const struct arguments *args)
{
    const struct dp_app_options o = {args->state, args->listen};
    struct errmsg why = {{0}};
    struct dp_app *app = NULL;
    char line[400];
    int err = dp_app_open(conf, &o, &app, &why);

    if (err) {
        log_error("start", "%s", why.text);
        return EXIT_START;
    }
    dp_app_ready_line(app, line, sizeof line);
    (void)printf("%s\n", line);
    (void)fflush(stdout);
    err = dp_app_run(app, &why);
    if (err)
        log_error("fault", "%s", why.text);
    dp_app_close(app);
    return err ? EXIT_FAULT : 0;
}

int main(int argc, char **argv)
{
    struct arguments args = {.time_scale = 1, .level = LOG_NOTICE_};
    struct errmsg why = {{0}};
    struct dp_conf *conf = NULL;
    int code = parse(argc, argv, &args);

    if (code >= 0)
        return code;
    log_open("smdp", args.level, NULL);
    if (harden()) {
        log_error("start", "core files cannot be switched off");
        return EXIT_START;
    }
    if (dp_conf_load(args.config, args.time_scale, &conf, &why)) {
        log_error("start", "%s", why.text);
        return EXIT_START;
    }
    if (!args.check) {
        code = serve(conf, &args);
    } else if (dp_app_check(conf, &why)) {
        log_error("check", "%s", why.text);
        code = EXIT_START;
    } else {
        (void)printf("%s: nothing is wrong\n", args.config);
        code = 0;
    }
    dp_conf_free(conf);
    return code;
}
