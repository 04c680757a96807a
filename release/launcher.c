/*
 * A program of the bundle: runs Python inside this process, which thereby keeps the name that `pgrep -x` looks for.
 *
 * ENTRY is the module whose main() is called. The bundle is located from the program's own path, through links; neither
 * the environment nor the user's folders affect what Python loads, since it may run as root.
 */

#include <Python.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SLASH_PYTHON "/python"

static const char command[] = "import sys; from " ENTRY " import main; sys.exit(main())";

/* Writes the path of Python's folder, which is next to this program. */
static int find_home(char *home, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", home, size - 1);
    if (length < 0)
    {
        return -1;
    }
    home[length] = '\0';
    char *slash = strrchr(home, '/');
    if (slash == NULL || (size_t)(slash - home) + sizeof(SLASH_PYTHON) > size)
    {
        return -1;
    }
    memcpy(slash, SLASH_PYTHON, sizeof(SLASH_PYTHON));
    return 0;
}

static PyStatus configure(PyConfig *config, const char *home, int argc, char **argv)
{
    char program[PATH_MAX + sizeof("/bin/python3")];
    snprintf(program, sizeof(program), "%s/bin/python3", home);
    config->isolated = 1;
    config->use_environment = 0;
    config->user_site_directory = 0;
    config->safe_path = 1;
    config->parse_argv = 0;
    config->write_bytecode = 0;

    PyStatus status = PyConfig_SetBytesString(config, &config->home, home);
    if (!PyStatus_Exception(status))
    {
        status = PyConfig_SetBytesString(config, &config->executable, program);
    }
    if (!PyStatus_Exception(status))
    {
        status = PyConfig_SetBytesString(config, &config->run_command, command);
    }
    if (!PyStatus_Exception(status))
    {
        status = PyConfig_SetBytesArgv(config, argc, argv);
    }
    return status;
}

int main(int argc, char **argv)
{
    char home[PATH_MAX];
    if (find_home(home, sizeof(home)) < 0)
    {
        fputs("error: /proc/self/exe does not show where this program is: mount /proc.\n", stderr);
        return 1;
    }
    PyPreConfig before;
    PyPreConfig_InitPythonConfig(&before);
    before.isolated = 1;
    before.use_environment = 0;
    before.utf8_mode = 1;
    PyStatus status = Py_PreInitialize(&before);

    PyConfig config;
    if (!PyStatus_Exception(status))
    {
        PyConfig_InitPythonConfig(&config);
        status = configure(&config, home, argc, argv);
        if (!PyStatus_Exception(status))
        {
            status = Py_InitializeFromConfig(&config);
        }
        PyConfig_Clear(&config);
    }
    if (PyStatus_Exception(status))
    {
        Py_ExitStatusException(status);
    }
    return Py_RunMain();
}
