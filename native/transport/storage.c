#include "transport/storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/aeron_fileutil.h"

#define BLOCK (512) /* unit of st_blocks, stat(2) */

/*
 * What the files of one directory may still grow by. A missing directory, or files that vanish meanwhile, count as
 * nothing.
 */
static uint64_t promised_in(int parent, const char *name)
{
    uint64_t promised = 0;
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);

    if (NULL == directory)
    {
        if (fd >= 0)
        {
            (void)close(fd);
        }
        return 0;
    }
    for (const struct dirent *entry = readdir(directory); NULL != entry; entry = readdir(directory))
    {
        struct stat file;
        if (0 == fstatat(fd, entry->d_name, &file, AT_SYMLINK_NOFOLLOW) && S_ISREG(file.st_mode))
        {
            const uint64_t length = (uint64_t)file.st_size;
            const uint64_t taken = (uint64_t)file.st_blocks * BLOCK;
            promised += taken < length ? length - taken : 0;
        }
    }
    (void)closedir(directory);
    return promised;
}

uint64_t adk_storage_usable(const char *aeron_dir)
{
    const uint64_t room = aeron_usable_fs_space(aeron_dir);
    const int directory = open(aeron_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (directory < 0)
    {
        return room;
    }
    const uint64_t promised = promised_in(directory, ".") + promised_in(directory, AERON_PUBLICATIONS_DIR) +
        promised_in(directory, AERON_IMAGES_DIR);
    (void)close(directory);
    return promised < room ? room - promised : 0;
}
