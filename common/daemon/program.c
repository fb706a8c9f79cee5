/* SPDX-License-Identifier: Apache-2.0 */
#include "common/daemon/program.h"

#include "common/base/log.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_START = 1, EXIT_USAGE = 2, EXIT_FAULT = 3 };

struct arguments {
    struct daemon_options o;
    enum log_level level;
    bool check, captures;
};

static void usage(const struct daemon_program *p, FILE *to)
{
    int indent = (int)strlen(p->name);

    (void)fprintf(to,
                  "usage: %s --config FILE [--state DIR] [--listen ADDRESS:PORT] [--time-scale K]\n"
                  "       %*s [--log-level error|warn|notice|info|debug] [--check-config]%s\n"
                  "       %s --version | --help\n\n",
                  p->name, indent, "", p->captures ? " [--capture FILE]" : "", p->name);
    (void)fprintf(to,
                  "  --config FILE      YAML or JSON\n"
                  "  --state DIR        instead of %s.state; mode 0700, made when absent\n"
                  "  --listen A:P       instead of %s.listen; port 0 takes a free one\n"
                  "  --time-scale K     divides all timers by K (1 to 10000), for laboratories\n"
                  "  --log-level L      notice unless given\n"
                  "  --check-config     reads configuration, keys and certificates, says what is "
                  "wrong, and ends\n%s",
                  p->name, p->name, p->captures ? "" : "\n");
    if (p->captures)
        (void)fprintf(to, "  --capture FILE     what cards and SMSCs say, for tshark (pcapng, 0600, at "
                          "most 256 MiB);\n                     goes on behind what FILE holds; no "
                          "keys, no profiles\n\n");
    (void)fprintf(to,
                  "Prints \"%s\" when it serves. SIGTERM or SIGINT ends it.\n"
                  "Exit codes: 0 ended well; 1 cannot start; 2 wrong command line; 3 stopped by a "
                  "fault.\n",
                  p->ready);
}

static bool number(const char *s, unsigned max, unsigned *ret)
{
    char *end;
    unsigned long v = strtoul(s, &end, 10);

    if (s[0] < '0' || s[0] > '9' || *end || v < 1 || v > max)
        return false;
    *ret = (unsigned)v;
    return true;
}

static bool take(int option, struct arguments *a)
{
    switch (option) {
    case 'c': a->o.config = optarg; return true;
    case 's': a->o.state = optarg; return true;
    case 'l': a->o.listen = optarg; return true;
    case 't': return number(optarg, 10000, &a->o.time_scale);
    case 'v': return log_level_parse(optarg, &a->level);
    case 'k': a->check = true; return true;
    case 'p': a->o.capture = optarg; return a->captures;
    default: return false;
    }
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, const struct daemon_program *p, struct arguments *a)
{
    static const struct option OPTIONS[] = {
        {"config", required_argument, NULL, 'c'},     {"state", required_argument, NULL, 's'},
        {"listen", required_argument, NULL, 'l'},     {"time-scale", required_argument, NULL, 't'},
        {"log-level", required_argument, NULL, 'v'},  {"check-config", no_argument, NULL, 'k'},
        {"version", no_argument, NULL, 'V'},          {"help", no_argument, NULL, 'h'},
        {"capture", required_argument, NULL, 'p'},
        {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (c == 'V') {
            (void)printf("%s %s\n", p->name, p->version);
            return 0;
        }
        if (c == 'h') {
            usage(p, stdout);
            return 0;
        }
        if (!take(c, a)) {
            usage(p, stderr);
            return EXIT_USAGE;
        }
    }
    if (optind == argc && a->o.config)
        return -1;
    usage(p, stderr);
    return EXIT_USAGE;
}

/* Keys live in this memory: no core file, no debugger, no file for others. */
static int harden(void)
{
    const struct rlimit none = {0, 0};

    (void)umask(077);
    return setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int serve(const struct daemon_program *p, void *conf, const struct daemon_options *o)
{
    struct errmsg why = {{0}};
    void *app = NULL;
    char line[640];
    int err = p->open(conf, o, &app, &why);

    if (err) {
        log_error("start", "%s", why.text);
        return EXIT_START;
    }
    p->ready_line(app, line, sizeof line);
    (void)printf("%s\n", line);
    (void)fflush(stdout);
    err = p->run(app, &why);
    if (err)
        log_error("fault", "%s", why.text);
    p->close(app);
    return err ? EXIT_FAULT : 0;
}

int daemon_main(int argc, char **argv, const struct daemon_program *p)
{
    struct arguments args = {.o.time_scale = 1, .level = LOG_NOTICE_, .captures = p->captures};
    struct errmsg why = {{0}};
    void *conf = NULL;
    int code = parse(argc, argv, p, &args);

    if (code >= 0)
        return code;
    log_open(p->name, args.level, NULL);
    if (harden()) {
        log_error("start", "core files cannot be switched off");
        return EXIT_START;
    }
    if (p->load(&args.o, &conf, &why)) {
        log_error("start", "%s", why.text);
        return EXIT_START;
    }
    if (!args.check) {
        code = serve(p, conf, &args.o);
    } else if (p->check(conf, &why)) {
        log_error("check", "%s", why.text);
        code = EXIT_START;
    } else {
        (void)printf("%s: nothing is wrong\n", args.o.config);
        code = 0;
    }
    p->unload(conf);
    return code;
}

uint64_t daemon_resident(void *unused)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    (void)unused;
    if (!f)
        return 0;
    if (fscanf(f, "%*u %llu", &pages) != 1)
        pages = 0;
    (void)fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
