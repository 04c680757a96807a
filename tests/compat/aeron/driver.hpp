// What Aeron's tests call EmbeddedMediaDriver, as a process: the command in COMPAT_DRIVER, with the settings that
// Aeron's two classes of this name give their drivers. Included before each test, whose own header is then empty.
#ifndef AERON_EMBEDDED_MEDIA_DRIVER_H
#define AERON_EMBEDDED_MEDIA_DRIVER_H

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

extern "C"
{
#include "aeronmd.h"
#include "aeron_client.h"
#include "aeronc.h"
#include "util/aeron_fileutil.h"
}

namespace aeron
{

// The validator that a setting can name accepts every key.
inline const char *TERMINATION_KEY = "Exit please";

class EmbeddedMediaDriver
{
public:
    using change_t = std::function<void(aeron_driver_context_t *)>;

    explicit EmbeddedMediaDriver(change_t change = [](aeron_driver_context_t *) {}) : m_change(std::move(change))
    {
    }

    ~EmbeddedMediaDriver()
    {
        joinAndClose();
    }

    void start()
    {
        const std::map<std::string, std::string> settings = decide();
        aeron_delete_directory(m_dir.c_str());
        m_pid = fork();
        if (0 == m_pid)
        {
            prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that crashes takes its driver along
            for (const auto &setting : settings)
            {
                setenv(setting.first.c_str(), setting.second.c_str(), 1);
            }
            const char *command = getenv("COMPAT_DRIVER");
            execl(command, command, static_cast<char *>(nullptr));
            _exit(127);
        }
        while (!aeron_is_driver_active(m_dir.c_str(), 1000, [](const char *) {}))
        {
            if (0 != waitpid(m_pid, nullptr, WNOHANG))
            {
                m_pid = 0;
                throw std::runtime_error("the driver did not start");
            }
            usleep(10000);
        }
    }

    void stop()
    {
        if (0 == m_pid)
        {
            return;
        }
        int status = 0;
        kill(m_pid, SIGTERM);
        waitpid(m_pid, &status, 0);
        m_pid = 0;
        EXPECT_TRUE(WIFEXITED(status) && (0 == WEXITSTATUS(status))) << "the driver ended with " << status;
    }

    void joinAndClose()
    {
        stop();
        aeron_delete_directory(m_dir.c_str());
    }

    void closeDriver()
    {
        joinAndClose();
    }

    const char *directory() const
    {
        return m_dir.c_str();
    }

    void livenessTimeoutNs(std::uint64_t timeout_ns)
    {
        m_liveness_timeout_ns = timeout_ns;
    }

    std::uint64_t livenessTimeoutNs() const
    {
        return m_liveness_timeout_ns;
    }

    void aeronDir(const std::string &dir)
    {
        m_dir = dir;
    }

    std::string aeronDir() const
    {
        return m_dir;
    }

private:
    std::uint64_t m_liveness_timeout_ns = LIVENESS_TIMEOUT_NS;
    std::string m_dir = getenv("AERON_DIR");
    change_t m_change;
    pid_t m_pid = 0;

    // Tests set options on a context; those that they use are given to the process as environment variables.
    std::map<std::string, std::string> decide()
    {
        aeron_driver_context_t *context = nullptr;
        if (aeron_driver_context_init(&context) < 0)
        {
            throw std::runtime_error(aeron_errmsg());
        }
        aeron_driver_context_set_threading_mode(context, AERON_THREADING_MODE_SHARED);
        aeron_driver_context_set_term_buffer_length(context, 64 * 1024);
        m_change(context);

        const bool is_shared = AERON_THREADING_MODE_SHARED == aeron_driver_context_get_threading_mode(context);
        std::map<std::string, std::string> settings{
            { "AERON_DIR", m_dir },
            { "AERON_DIR_DELETE_ON_START", "true" },
            { "AERON_DIR_DELETE_ON_SHUTDOWN", "false" },
            { "AERON_DRIVER_TERMINATION_VALIDATOR", "allow" },
            { "AERON_SHARED_IDLE_STRATEGY", "sleep-ns" },
            { "AERON_CONDUCTOR_IDLE_STRATEGY", "sleep-ns" },
            { "AERON_SENDER_IDLE_STRATEGY", "sleep-ns" },
            { "AERON_RECEIVER_IDLE_STRATEGY", "sleep-ns" },
            { "AERON_TERM_BUFFER_SPARSE_FILE", "true" },
            { "AERON_THREADING_MODE", is_shared ? "SHARED" : "DEDICATED" },
            { "AERON_TERM_BUFFER_LENGTH", std::to_string(aeron_driver_context_get_term_buffer_length(context)) },
            { "AERON_SPIES_SIMULATE_CONNECTION",
              aeron_driver_context_get_spies_simulate_connection(context) ? "true" : "false" },
        };
        aeron_driver_context_close(context);
        if (0 != m_liveness_timeout_ns)
        {
            settings["AERON_IPC_TERM_BUFFER_LENGTH"] = "64k";
            settings["AERON_TIMER_INTERVAL"] = std::to_string(m_liveness_timeout_ns / 100);
            settings["AERON_CLIENT_LIVENESS_TIMEOUT"] = std::to_string(m_liveness_timeout_ns);
            settings["AERON_PUBLICATION_LINGER_TIMEOUT"] = std::to_string(m_liveness_timeout_ns / 10);
            settings["AERON_IMAGE_LIVENESS_TIMEOUT"] = std::to_string(m_liveness_timeout_ns / 10);
            settings["AERON_ENABLE_EXPERIMENTAL_FEATURES"] = "true";
        }
        return settings;
    }
};

}

#endif
