//===- ForkServer.cpp - many runs of qat from one process -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Loading libMLIR takes longer than most broken inputs. This loads it once
/// and forks for each command, which it reads from standard input, a line a
/// command, the arguments separated by tabs. The answer to each is one line:
/// exit status (or minus the signal), kilobytes of memory at the peak,
/// milliseconds of processor time, and standard error with \n for line ends. A
/// command gets no more than 4 GB of address space and 20 s of processor time.
///
//===----------------------------------------------------------------------===//

#include "qat/Driver/Driver.h"

#include "llvm/Support/raw_ostream.h"

#include <fcntl.h>
#include <iostream>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

static void limit(int what, rlim_t value) {
  rlimit limits;
  limits.rlim_cur = limits.rlim_max = value;
  setrlimit(what, &limits);
}

[[noreturn]] static void runCommand(std::string line, int errors) {
  std::string program = "qat";
  std::vector<char *> arguments = {program.data()};
  for (size_t begin = 0; begin != std::string::npos;) {
    arguments.push_back(line.data() + begin);
    size_t tab = line.find('\t', begin);
    if (tab != std::string::npos)
      line[tab++] = 0;
    begin = tab;
  }
  limit(RLIMIT_AS, rlim_t(4) << 30);
  limit(RLIMIT_CPU, 20);
  limit(RLIMIT_CORE, 0);
  int nowhere = open("/dev/null", O_RDWR);
  dup2(nowhere, STDIN_FILENO);
  dup2(nowhere, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  int status = mlir::qat::runDriver(arguments.size(), arguments.data());
  llvm::outs().flush();
  _exit(status);
}

int main() {
  char path[] = "/tmp/qat-fork-server-XXXXXX";
  int errors = mkstemp(path);
  unlink(path);
  std::string line;
  while (std::getline(std::cin, line)) {
    if (ftruncate(errors, 0) != 0)
      return 1;
    lseek(errors, 0, SEEK_SET);
    pid_t child = fork();
    if (child < 0)
      return 1;
    if (child == 0)
      runCommand(line, errors);
    int status = 0;
    rusage usage;
    wait4(child, &status, 0, &usage);
    // The processor's time: what else runs on the machine is no fault.
    int64_t milliseconds = 0;
    for (const timeval &time : {usage.ru_utime, usage.ru_stime})
      milliseconds += time.tv_sec * 1000 + time.tv_usec / 1000;
    std::string text(4096, 0);
    ssize_t size = pread(errors, text.data(), text.size(), 0);
    std::cout << (WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status))
              << ' ' << usage.ru_maxrss << ' ' << milliseconds << ' ';
    for (ssize_t i = 0; i < size; ++i)
      if (text[i] == '\n')
        std::cout << "\\n";
      else
        std::cout << text[i];
    std::cout << std::endl;
  }
  return 0;
}
