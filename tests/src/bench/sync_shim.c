/* LD_PRELOAD: counts every fsync, fdatasync and syncfs of a process in a shared file, and makes
   each of them slower, so that a fast disk can stand for a slow one.

     SYNC_SHIM_COUNTS     file of three 64-bit counters: fsync, fdatasync, syncfs
     SYNC_SHIM_DELAY_US   microseconds that are added to each
     SYNC_SHIM_LIES       if set: nothing is synced, and all is said to be well */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Atomic uint64_t *counts;
static struct timespec delay;
static int lies;

__attribute__((constructor)) static void begin(void)
{ const char *path = getenv("SYNC_SHIM_COUNTS");
  const char *micros = getenv("SYNC_SHIM_DELAY_US");

  lies = getenv("SYNC_SHIM_LIES") != NULL;
  if ( micros )
  { long us = atol(micros);
    delay.tv_sec = us / 1000000;
    delay.tv_nsec = us % 1000000 * 1000;
  }
  if ( path )
  { int fd = open(path, O_RDWR|O_CREAT|O_CLOEXEC, 0600);

    if ( fd >= 0 && ftruncate(fd, 3 * sizeof(uint64_t)) == 0 )
    { void *map = mmap(NULL, 3 * sizeof(uint64_t), PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);
      if ( map != MAP_FAILED )
        counts = map;
    }
    if ( fd >= 0 )
      close(fd);
  }
}

static int counted(int which, long number, int fd)
{ long result = lies ? 0 : syscall(number, fd);
  int error = errno;
  struct timespec left = delay;

  while ( (left.tv_sec || left.tv_nsec) && nanosleep(&left, &left) != 0 && errno == EINTR )
    ;
  if ( counts )
    atomic_fetch_add(&counts[which], 1);
  errno = error;
  return (int)result;
}

int fsync(int fd)     { return counted(0, SYS_fsync, fd); }
int fdatasync(int fd) { return counted(1, SYS_fdatasync, fd); }
int syncfs(int fd)    { return counted(2, SYS_syncfs, fd); }
