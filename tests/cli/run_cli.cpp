// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/cli/run_cli.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

void redirect(int descriptor, const std::string& path) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || ::dup2(file, descriptor) < 0) ::_exit(127);
    ::close(file);
}

}  // namespace

nlohmann::json CliRun::json() const {
    auto parsed = nlohmann::json::parse(out, nullptr, false);
    if (!parsed.is_discarded()) return parsed;
    ADD_FAILURE() << "no JSON: " << out << err;
    return nullptr;
}

CliRun runCli(const std::vector<std::string>& arguments, std::optional<std::chrono::milliseconds> interruptAfter) {
    const TemporaryFolder folder;
    const std::string out = folder.path() / "out", err = folder.path() / "err";
    std::vector<char*> argv{const_cast<char*>(HT_CLI_PATH)};
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        redirect(STDOUT_FILENO, out);
        redirect(STDERR_FILENO, err);
        ::execv(HT_CLI_PATH, argv.data());
        ::_exit(127);
    }
    if (interruptAfter) {
        std::this_thread::sleep_for(*interruptAfter);
        ::kill(child, SIGINT);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, readFile(out), readFile(err)};
}

}  // namespace halftone::test
