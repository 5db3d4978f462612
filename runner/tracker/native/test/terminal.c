/* Runs $VT_LAUNCH with the given arguments, "@" replaced by the slave of a new pseudo-terminal, and
 * copies what comes out of the terminal to stdout. With VT_HANGUP in the environment the terminal
 * hangs up, as when its runner is killed, as soon as anything came out. For tests. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    (void)argc;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) return 1;
    char *slave = ptsname(master);
    int hold = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
    for (char **word = argv; *word != NULL; word++)
        if (strcmp(*word, "@") == 0) *word = slave;
    pid_t pid = fork();
    if (pid == 0) {
        execv(getenv("VT_LAUNCH"), argv);
        _exit(1);
    }
    int status;
    char bytes[4096];
    if (getenv("VT_HANGUP") != NULL) {
        if (read(master, bytes, sizeof bytes) <= 0) return 1;
        close(master);
        close(hold);
        waitpid(pid, &status, 0);
        return WEXITSTATUS(status);
    }
    waitpid(pid, &status, 0);
    close(hold);
    for (ssize_t length; (length = read(master, bytes, sizeof bytes)) > 0;)
        if (write(1, bytes, (size_t)length) < 0) return 1;
    return WEXITSTATUS(status);
}
