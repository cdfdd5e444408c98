/* Runs a fuzz target over every file of the directories named on the command line. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A block of exactly the file's size, so that the address sanitizer sees a read past its end. */
static uint8_t *load(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    uint8_t *bytes = NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long end = ftell(file);
        if (end >= 0 && fseek(file, 0, SEEK_SET) == 0) {
            *size = (size_t)end;
            bytes = malloc(*size > 0 ? *size : 1);
        }
    }
    if (bytes != NULL && fread(bytes, 1, *size, file) != *size) {
        free(bytes);
        bytes = NULL;
    }
    (void)fclose(file);
    return bytes;
}

static bool replay_file(const char *directory, const char *name) {
    char path[4096];
    int written = snprintf(path, sizeof path, "%s/%s", directory, name);
    size_t size = 0;
    uint8_t *bytes = written > 0 && (size_t)written < sizeof path ? load(path, &size) : NULL;
    if (bytes == NULL) {
        (void)fprintf(stderr, "%s/%s: cannot be read\n", directory, name);
        return false;
    }
    (void)LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return true;
}

static bool replay_directory(const char *directory) {
    DIR *entries = opendir(directory);
    if (entries == NULL) {
        (void)fprintf(stderr, "%s: %s\n", directory, strerror(errno));
        return false;
    }
    bool good = true;
    unsigned files = 0;
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_name[0] != '.') {
            good = replay_file(directory, entry->d_name) && good;
            files++;
        }
    }
    (void)closedir(entries);
    (void)printf("%s: %u files\n", directory, files);
    return good && files > 0;
}

int main(int argc, char **argv) {
    bool good = argc > 1;
    for (int i = 1; i < argc; i++) {
        good = replay_directory(argv[i]) && good;
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
