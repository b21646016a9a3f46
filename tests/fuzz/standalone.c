/* SPDX-License-Identifier: MIT
 *
 * Runs a fuzz harness where there is no libFuzzer: on each file of the corpus,
 * and on mutations of it that a fixed seed chooses.
 *
 *   program RUNS FILE...
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { INPUT_MAX = 65536, CHANGES_MAX = 6 };

static unsigned int next_random(void)
{
    static unsigned int state = 2463534242U;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* One change: an octet set, a bit flipped, a piece removed or doubled, the
 * end cut off.  The new size. */
static size_t change(unsigned char *data, size_t size)
{
    size_t at = size == 0 ? 0 : next_random() % size;
    size_t piece = size == 0 ? 0 : 1 + next_random() % 8;

    if (piece > size - at)
        piece = size - at;
    switch (size == 0 ? 4 : next_random() % 5) {
    case 0:
        data[at] = (unsigned char)next_random();
        return size;
    case 1:
        data[at] ^= (unsigned char)(1U << next_random() % 8);
        return size;
    case 2:
        memmove(data + at, data + at + piece, size - at - piece);
        return size - piece;
    case 3:
        if (size + piece > INPUT_MAX)
            return size;
        memmove(data + at + piece, data + at, size - at);
        return size + piece;
    default:
        return at;
    }
}

/* In memory of just that size, so that a sanitizer sees what is beyond. */
static void run(const unsigned char *data, size_t size)
{
    unsigned char *exact = malloc(size == 0 ? 1 : size);

    if (exact == NULL)
        exit(2);
    memcpy(exact, data, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static size_t load(const char *path, unsigned char *data)
{
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(2);
    }
    size = fread(data, 1, INPUT_MAX, file);
    fclose(file);
    return size;
}

int main(int argc, char **argv)
{
    static unsigned char seed[INPUT_MAX], mutant[INPUT_MAX];
    long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0, i;
    int file;

    if (runs <= 0) {
        fprintf(stderr, "usage: %s RUNS FILE...\n", argv[0]);
        return 2;
    }
    for (file = 2; file < argc; file++) {
        size_t seed_size = load(argv[file], seed);

        run(seed, seed_size);
        for (i = 0; i < runs; i++) {
            unsigned int changes = 1 + next_random() % CHANGES_MAX;
            size_t size = seed_size;

            memcpy(mutant, seed, seed_size);
            while (changes-- > 0)
                size = change(mutant, size);
            run(mutant, size);
        }
        printf("%s: %ld mutations\n", argv[file], runs);
    }
    return 0;
}
