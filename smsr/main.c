/* SPDX-License-Identifier: Apache-2.0 */
/* smsr: the SM-SR. Exit codes: 0 stopped by a signal, or the check found nothing; 1 it cannot start
 * (one sentence says why); 2 wrong command line; 3 stopped by a fault, its state is safe. */
#include "common/base/log.h"
#include "smsr/app.h"

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
    "usage: smsr --config FILE [--state DIR] [--listen ADDRESS:PORT] [--time-scale K]\n"
    "            [--log-level error|warn|notice|info|debug] [--check-config]\n"
    "       smsr --version | --help\n"
    "\n"
    "  --config FILE      YAML or JSON\n"
    "  --state DIR        instead of smsr.state; mode 0700, made when absent\n"
    "  --listen A:P       instead of smsr.listen; port 0 takes a free one\n"
    "  --time-scale K     divides all timers by K (1 to 10000), for laboratories\n"
    "  --log-level L      notice unless given\n"
    "  --check-config     reads configuration, keys and certificates, says what is wrong, and "
    "ends\n"
    "\n"
    "Prints \"smsr ready listen=... coap=...\" when it serves. SIGTERM or SIGINT ends it.\n"
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
    static const struct option OPTIONS[] = {
        {"config", required_argument, NULL, 'c'},     {"state", required_argument, NULL, 's'},
        {"listen", required_argument, NULL, 'l'},     {"time-scale", required_argument, NULL, 't'},
        {"log-level", required_argument, NULL, 'v'},  {"check-config", no_argument, NULL, 'k'},
        {"version", no_argument, NULL, 'V'},          {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        bool ok = true;
        switch (c) {
        case 'c': a->config = optarg; break;
        case 's': a->state = optarg; break;
        case 'l': a->listen = optarg; break;
        case 't': ok = number(optarg, 10000, &a->time_scale); break;
        case 'v': ok = log_level_parse(optarg, &a->level); break;
        case 'k': a->check = true; break;
        case 'V': (void)puts("smsr " SMSR_VERSION); return 0;
        case 'h': (void)fputs(USAGE, stdout); return 0;
        default: ok = false; break;
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

static int serve(struct conf *conf, const struct arguments *args)
{
    const struct app_options o = {args->state, args->listen};
    struct errmsg why = {{0}};
    struct app *app = NULL;
    char line[640];
    int err = app_open(conf, &o, &app, &why);

    if (err) {
        log_error("start", "%s", why.text);
        return EXIT_START;
    }
    app_ready_line(app, line, sizeof line);
    (void)printf("%s\n", line);
    (void)fflush(stdout);
    err = app_run(app, &why);
    if (err)
        log_error("fault", "%s", why.text);
    app_close(app);
    return err ? EXIT_FAULT : 0;
}

int main(int argc, char **argv)
{
    struct arguments args = {.time_scale = 1, .level = LOG_NOTICE_};
    struct errmsg why = {{0}};
    struct conf *conf = NULL;
    int code = parse(argc, argv, &args);

    if (code >= 0)
        return code;
    log_open("smsr", args.level, NULL);
    if (harden()) {
        log_error("start", "core files cannot be switched off");
        return EXIT_START;
    }
    if (conf_load(args.config, args.time_scale, &conf, &why)) {
        log_error("start", "%s", why.text);
        return EXIT_START;
    }
    if (!args.check) {
        code = serve(conf, &args);
    } else if (app_check(conf, &why)) {
        log_error("check", "%s", why.text);
        code = EXIT_START;
    } else {
        (void)printf("%s: nothing is wrong\n", args.config);
        code = 0;
    }
    conf_free(conf);
    return code;
}
