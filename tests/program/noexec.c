/*
 * noexec COMMAND [ARG]... - runs a program as systemd's MemoryDenyWriteExecute=yes
 * does: memory is writable or executable, never both and never first one, then the
 * other.
 *
 * noexec --probe exits with 0 if such memory can be had, which is how a test knows that
 * the filter works. 64-bit systems only: the flags are looked for in the lower half of
 * the third argument.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(member)                       \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
		(unsigned)offsetof(struct seccomp_data, member))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define UNLESS(value, skip) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(value), 0, (skip))

static int forbid(void)
{
	struct sock_filter filter[] = {
		LOAD(nr),
		UNLESS(SYS_mmap, 4),
		LOAD(args[2]),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC),
		UNLESS(PROT_WRITE | PROT_EXEC, 6),
		ANSWER(SECCOMP_RET_ERRNO | EPERM),
		UNLESS(SYS_mprotect, 1),
		BPF_STMT(BPF_JMP | BPF_JA, 1),
		UNLESS(SYS_pkey_mprotect, 2),
		LOAD(args[2]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),
		ANSWER(SECCOMP_RET_ALLOW),
		ANSWER(SECCOMP_RET_ERRNO | EPERM),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0;
}

/* Asks in both ways, as JIT compilers do. */
static int probe(void)
{
	void *both = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *first = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return both == MAP_FAILED && mprotect(first, 4096, PROT_READ | PROT_EXEC) != 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--probe") == 0) {
		return probe();
	}
	if (argc < 2) {
		fputs("usage: noexec COMMAND [ARG]...\n", stderr);
		return 2;
	}
	if (forbid() != 0) {
		perror("noexec");
		return 2;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 2;
}
