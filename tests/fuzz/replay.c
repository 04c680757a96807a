/* The main of a fuzz target without libFuzzer: runs each file named on the command line through it once. */
#include <stdio.h>
#include <stdlib.h>

#include "target.h"

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

static void replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (NULL == file)
    {
        perror(path);
        exit(EXIT_FAILURE);
    }

    fseek(file, 0, SEEK_END);
    const size_t size = (size_t)ftell(file);
    rewind(file);
    /* A buffer exactly as long as the input, so that ASan notices a read beyond its end. */
    uint8_t *data = malloc(size);
    const size_t length = fread(data, 1, size, file);
    fclose(file);

    LLVMFuzzerTestOneInput(data, length);
    free(data);
}

int main(int argc, char **argv)
{
    if (NULL != LLVMFuzzerInitialize)
    {
        LLVMFuzzerInitialize(&argc, &argv);
    }
    for (int i = 1; i < argc; i++)
    {
        replay(argv[i]);
    }
    printf("%d inputs\n", argc - 1);
    return EXIT_SUCCESS;
}
