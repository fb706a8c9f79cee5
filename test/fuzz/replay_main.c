/* SPDX-License-Identifier: Apache-2.0 */
/* Replays a fuzz corpus without libFuzzer: each file, and of short files each prefix, is handed
 * over in a heap block of exactly its size, so that AddressSanitizer sees any over-read. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)1 << 20)
#define PREFIX_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run_one(const uint8_t *data, size_t n)
{
    uint8_t *block = malloc(n);
    if (n && !block)
        abort();
    if (n)
        memcpy(block, data, n);
    LLVMFuzzerTestOneInput(block, n);
    free(block);
}

static int replay_file(const char *dir, const char *name, uint8_t *room)
{
    char path[4096];
    int len = snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (len < 0 || (size_t)len >= sizeof(path))
        return -1;
    FILE *f = fopen(path, "rb");
    if (!f)
        return -1;
    size_t n = fread(room, 1, FILE_MAX, f);
    int bad = ferror(f) || !feof(f);
    fclose(f);
    if (bad)
        return -1;
    run_one(room, n);
    for (size_t cut = 0; n <= PREFIX_MAX && cut < n; cut++)
        run_one(room, cut);
    return 0;
}

static int replay_dir(const char *dir, uint8_t *room)
{
    DIR *d = opendir(dir);
    if (!d)
        return -1;
    int files = 0;
    for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (e->d_name[0] == '.')
            continue;
        if (replay_file(dir, e->d_name, room)) {
            fprintf(stderr, "cannot replay %s/%s\n", dir, e->d_name);
            files = -1;
            break;
        }
        files++;
    }
    closedir(d);
    return files;
}

int main(int argc, char **argv)
{
    uint8_t *room = malloc(FILE_MAX);
    int status = room && argc > 1 ? 0 : 1;
    for (int i = 1; status == 0 && i < argc; i++) {
        int files = replay_dir(argv[i], room);
        printf("replayed %d files of %s\n", files, argv[i]);
        if (files <= 0)
            status = 1; /* a target without a corpus would test nothing */
    }
    free(room);
    return status;
}
