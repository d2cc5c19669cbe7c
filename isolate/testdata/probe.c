// probe is the program of isolate's tests: "probe MODE ARGUMENT..." does one thing inside of a
// sandbox and says on its standard output how it went, errors by their names.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *error(int failed) { return failed ? strerrorname_np(errno) : "ok"; }

static void say(const char *what, int failed) { printf("%s: %s\n", what, error(failed)); }

// How a program ends.

static int mode_exit(char **a) { exit(atoi(a[0])); }
static int mode_abort(char **a) { abort(); }
static int mode_pause(char **a) { for (;;) pause(); }

static int mode_kill(char **a) {
	kill(getpid(), atoi(a[0]));
	return 99; // the signal was not deadly
}

// mode_say writes its first argument and sleeps for ever.
static int mode_say(char **a) {
	puts(a[0]);
	fflush(stdout);
	return mode_pause(a);
}

// mode_leave KIND N forks N processes, which pause, and exits when all do; mode_stay stays. They
// print how many there are.

static void linger(const char *kind, int ready) {
	if (!strcmp(kind, "daemon")) {
		if (fork() > 0) _exit(0);
		setsid();
		if (fork() > 0) _exit(0);
	}
	if (!strcmp(kind, "deaf")) {
		sigset_t all;
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		for (int s = 1; s < 65; s++) signal(s, SIG_IGN);
	}
	write(ready, "x", 1);
	if (!strcmp(kind, "stopped")) raise(SIGSTOP);
	for (;;) pause();
}

static int leave(char **a, int stay) {
	int ready[2], n = 0;
	if (pipe(ready)) return 98;
	for (; n < atoi(a[1]); n++) {
		pid_t pid = fork();
		if (pid < 0) break;
		if (pid == 0) linger(a[0], ready[1]);
	}
	for (int i = 0; i < n; i++) {
		char c;
		if (read(ready[0], &c, 1) != 1) return 97;
	}
	printf("%d\n", n);
	fflush(stdout);
	for (; stay;) pause();
	return 0;
}

static int mode_leave(char **a) { return leave(a, 0); }
static int mode_stay(char **a) { return leave(a, 1); }

// What a program is given.

static int mode_ids(char **a) {
	uid_t r, e, s;
	gid_t rg, eg, sg;
	getresuid(&r, &e, &s);
	getresgid(&rg, &eg, &sg);
	printf("pid %d\nparent %d\nsession %d\nuid %d %d %d\ngid %d %d %d\ngroups %d\n",
		getpid(), getppid(), getsid(0), r, e, s, rg, eg, sg, getgroups(0, NULL));
	return 0;
}

static int mode_descriptors(char **a) {
	for (int fd = 0; fd < 1024; fd++) {
		int flags = fcntl(fd, F_GETFL);
		if (flags >= 0) printf("%d%s\n", fd, flags & O_NONBLOCK ? " non-blocking" : "");
	}
	return 0;
}

// mode_read prints what each descriptor has.
static int mode_read(char **a) {
	for (; *a; a++) {
		char b[4096];
		ssize_t n = read(atoi(*a), b, sizeof b);
		printf("%s: %.*s\n", *a, n < 0 ? 0 : (int)n, b);
	}
	return 0;
}

extern char **environ;

static int mode_environment(char **a) {
	for (char **e = environ; *e; e++) puts(*e);
	return 0;
}

static int mode_arguments(char **a) {
	long n = 0, bytes = 0;
	for (; *a; a++) n++, bytes += strlen(*a);
	printf("%ld arguments of %ld bytes\n", n, bytes);
	return 0;
}

static int mode_rlimits(char **a) {
	for (; *a; a++) {
		struct rlimit l;
		getrlimit(atoi(*a), &l);
		printf("%s: %llu %llu\n", *a, (unsigned long long)l.rlim_cur, (unsigned long long)l.rlim_max);
	}
	return 0;
}

static int mode_cat(char **a) {
	for (; *a; a++) {
		char b[65536];
		ssize_t n;
		int fd = open(*a, O_RDONLY);
		if (fd < 0) {
			say(*a, 1);
			continue;
		}
		while ((n = read(fd, b, sizeof b)) > 0) fwrite(b, 1, n, stdout);
		close(fd);
	}
	return 0;
}

static int mode_list(char **a) {
	DIR *d = opendir(a[0]);
	if (!d) return say(a[0], 1), 0;
	for (struct dirent *e; (e = readdir(d));) puts(e->d_name);
	return 0;
}

static int mode_stat(char **a) {
	for (; *a; a++) {
		struct stat st;
		say(*a, lstat(*a, &st));
	}
	return 0;
}

static int mode_hostname(char **a) {
	char b[256];
	gethostname(b, sizeof b);
	puts(b);
	return 0;
}

// mode_interfaces prints the network interfaces and whether each is up.
static int mode_interfaces(char **a) {
	FILE *f = fopen("/proc/net/dev", "r");
	char line[512];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	while (f && fgets(line, sizeof line, f)) {
		struct ifreq r = {0};
		if (sscanf(line, " %15[^:|]:", r.ifr_name) != 1 || !strchr(line, ':')) continue;
		if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &r))
			say(r.ifr_name, 1);
		else
			printf("%s: %s\n", r.ifr_name, r.ifr_flags & IFF_UP ? "up" : "down");
	}
	return 0;
}

// What a program may write.

static int creates(const char *dir) {
	char p[PATH_MAX];
	snprintf(p, sizeof p, "%s/.probe", dir);
	int fd = open(p, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0) return 0;
	close(fd);
	unlink(p);
	return 1;
}

static void walk(const char *dir, int depth) {
	if (creates(dir)) printf("%s\n", dir);
	DIR *d = depth > 0 ? opendir(dir) : NULL;
	if (!d) return;
	for (struct dirent *e; (e = readdir(d));) {
		char p[PATH_MAX];
		struct stat st;
		snprintf(p, sizeof p, "%s/%s", strcmp(dir, "/") ? dir : "", e->d_name);
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || !strcmp(p, "/proc") || lstat(p, &st)) continue;
		if (S_ISDIR(st.st_mode)) {
			walk(p, depth - 1);
		} else if (!S_ISLNK(st.st_mode)) {
			int fd = open(p, O_WRONLY | O_NONBLOCK);
			if (fd >= 0) printf("%s\n", p), close(fd);
		}
	}
	closedir(d);
}

// mode_writable DEPTH prints all directories and files, down to a depth, that can be written.
static int mode_writable(char **a) { return walk("/", atoi(a[0])), 0; }

// mode_write FILE TEXT... writes files and prints how that went.
static int mode_write(char **a) {
	for (; *a; a += 2) {
		int fd = open(a[0], O_WRONLY | O_CREAT | O_TRUNC, 0644);
		say(a[0], fd < 0 || write(fd, a[1], strlen(a[1])) < 0);
		if (fd >= 0) close(fd);
	}
	return 0;
}

// mode_fill writes files in several directories until there is no more space.
static int mode_fill(char **a) {
	static char b[4096] = {1};
	long total = 0;
	for (; *a; a++) {
		char p[PATH_MAX];
		ssize_t n = 0;
		snprintf(p, sizeof p, "%s/fill", *a);
		int fd = open(p, O_WRONLY | O_CREAT, 0600);
		for (int i = 0; fd >= 0 && (n = write(fd, b, sizeof b)) > 0; i++) {
			total += n;
			if (a[1] && i >= 15) break; // leave some to the next
		}
		if (fd < 0 || n < 0) say(*a, 1);
	}
	printf("%ld\n", total);
	return 0;
}

static int mode_inodes(char **a) {
	int n = 0;
	for (;; n++) {
		char p[PATH_MAX];
		snprintf(p, sizeof p, "%s/%d", a[0], n);
		int fd = open(p, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0) break;
		close(fd);
	}
	say(a[0], 1);
	printf("%d\n", n);
	return 0;
}

static int mode_unlink(char **a) {
	for (; *a; a++) say(*a, unlink(*a));
	return 0;
}

// mode_tangle makes in a directory one of each kind of file that can trap who looks at it.
static int mode_tangle(char **a) {
	if (chdir(a[0])) return 96;
	say("link", symlink("/etc/passwd", "link"));
	say("dirlink", symlink("/etc", "dirlink"));
	say("uplink", symlink("../../..", "uplink"));
	say("fifo", mkfifo("fifo", 0666));
	say("directory", mkdir("directory", 0777));
	struct sockaddr_un u = {AF_UNIX, "socket"};
	say("socket", bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&u, sizeof u));
	say("device", mknod("device", S_IFCHR | 0666, 0x103));
	return 0;
}

// mode_input tries to change what descriptor 0 is.
static int mode_input(char **a) {
	say("reopen to write", open("/proc/self/fd/0", O_WRONLY) < 0);
	say("reopen to read and write", open("/proc/self/fd/0", O_RDWR) < 0);
	say("reopen to append", open("/proc/self/fd/0", O_WRONLY | O_APPEND) < 0);
	say("write", write(0, "x", 1) < 0);
	say("truncate", ftruncate(0, 0));
	say("truncate by path", truncate("/proc/self/fd/0", 0));
	say("map", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0, 0) == MAP_FAILED);
	say("chmod", fchmod(0, 0666));
	say("seal", fcntl(0, F_ADD_SEALS, F_SEAL_WRITE));
	return 0;
}

// Things that must not get from one run to another: mode_plant makes each and holds it, mode_find
// looks for them.

static struct sockaddr_un abstract = {AF_UNIX, "\0judge-test"}, named = {AF_UNIX, "/tmp/socket"};
static const key_t key = 0x6a756467;

static int mode_plant(char **a) {
	say("System V memory", shmget(key, 4096, IPC_CREAT | 0666) < 0);
	say("System V queue", msgget(key, IPC_CREAT | 0666) < 0);
	say("System V semaphore", semget(key, 1, IPC_CREAT | 0666) < 0);
	say("POSIX memory", shm_open("/judge-test", O_RDWR | O_CREAT, 0666) < 0);
	say("file in /tmp", open("/tmp/planted", O_RDWR | O_CREAT, 0666) < 0);
	say("file in /work", open("/work/planted", O_RDWR | O_CREAT, 0666) < 0);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	say("abstract socket", bind(s, (void *)&abstract, sizeof(sa_family_t) + 11) || listen(s, 1));
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	say("named socket", bind(s, (void *)&named, sizeof named) || listen(s, 1));
	prctl(PR_SET_NAME, "planted");
	fflush(stdout);
	if (a[0]) return mode_pause(a);
	return 0;
}

static int mode_find(char **a) {
	say("System V memory", shmget(key, 4096, 0) < 0);
	say("System V queue", msgget(key, 0) < 0);
	say("System V semaphore", semget(key, 1, 0) < 0);
	say("POSIX memory", shm_open("/judge-test", O_RDONLY, 0) < 0);
	say("file in /tmp", open("/tmp/planted", O_RDONLY) < 0);
	say("file in /work", open("/work/planted", O_RDONLY) < 0);
	say("abstract socket", connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&abstract, sizeof(sa_family_t) + 11));
	say("named socket", connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&named, sizeof named));
	for (int pid = 3; pid < 100; pid++)
		if (kill(pid, 0) == 0 || errno == EPERM) printf("process %d\n", pid);
	say("signal to init", kill(1, SIGKILL));
	return 0;
}

// mode_lock does to a directory and a file in it what others with the same file could see.
static int mode_lock(char **a) {
	int dir = open(a[0], O_RDONLY), file = openat(dir, a[1], O_RDONLY);
	struct flock record = {.l_type = F_RDLCK, .l_len = 1};
	say("lock", flock(file, LOCK_EX | LOCK_NB));
	say("lock of a record", fcntl(file, F_SETLK, &record));
	say("lease", fcntl(file, F_SETLEASE, F_RDLCK));
	say("watch", inotify_add_watch(inotify_init(), a[0], IN_ALL_EVENTS) < 0);
	say("watch by signal", fcntl(dir, F_NOTIFY, DN_ACCESS));
	return 0;
}

#define MODE(m) {#m, mode_##m}
static const struct {
	const char *name;
	int (*run)(char **);
} modes[] = {
	MODE(exit), MODE(abort), MODE(pause), MODE(kill), MODE(say), MODE(leave), MODE(stay), MODE(ids), MODE(descriptors), MODE(read),
	MODE(environment), MODE(arguments), MODE(rlimits), MODE(cat), MODE(list), MODE(stat), MODE(hostname),
	MODE(interfaces), MODE(writable), MODE(write), MODE(fill), MODE(inodes), MODE(unlink), MODE(tangle), MODE(input),
	MODE(plant), MODE(find), MODE(lock),
};

int main(int argc, char **argv) {
	for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof *modes; i++)
		if (!strcmp(argv[1], modes[i].name)) return modes[i].run(argv + 2);
	fprintf(stderr, "probe: unknown mode\n");
	return 95;
}
