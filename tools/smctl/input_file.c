/* SPDX-License-Identifier: Apache-2.0 */
/* Mapped input files of the command line. */
#include "tools/smctl/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t NOTHING[1];

int input_open(const char *path, struct input_file *ret, struct errmsg *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    int err = ERR_OK;

    *ret = (struct input_file){span_of(NOTHING, 0), NULL};
    if (fd < 0)
        return errmsg_set(why, ERR_CONFIG, "%.200s cannot be read: %s", path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        err = errmsg_set(why, ERR_CONFIG, "%.200s is not a plain file", path);
    } else if (st.st_size > 0) {
        ret->map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (ret->map == MAP_FAILED) {
            ret->map = NULL;
            err = errmsg_set(why, ERR_CONFIG, "%.200s cannot be read: %s", path, strerror(errno));
        } else {
            ret->octets = span_of(ret->map, (size_t)st.st_size);
        }
    }
    close(fd);
    return err;
}

void input_close(struct input_file *f)
{
    if (f->map)
        munmap(f->map, f->octets.n);
    *f = (struct input_file){span_of(NOTHING, 0), NULL};
}
