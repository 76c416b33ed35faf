#!/usr/bin/env bash
# qemu-user 7.2 (Debian 12's) runs arm64's STLR and LDAR on an x86 processor so that the load overtakes the store.
#
# Expected: a load-acquire (LDAR) is never seen before an earlier store-release (STLR) of the same thread. C11's sequentially
#           consistent atomic_store and atomic_load compile to these two, and promise just that.
# Happens:  qemu has barriers before the store and after the load, and none between; x86 itself lets a load overtake a store. Of two
#           threads that each set their own flag and then read the other's, both read 0, some
#           three to a hundred times in a million. With an explicit fence (DMB) between, or a store made by an exchange, never.
# Costs:    "announce that I sleep, look once more for work" beside "announce work, look for sleepers" loses a wake-up. A thread pool
#           that is right on every real arm64 hung in emulated tests, once in some 35 runs on a busy machine.
#
# Seen, of 300,000 rounds (the numbers above 0 differ from run to run):
#       both read 0: store then load 6, with a fence 0, with an exchange 0
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
[ "$(uname -m)" = x86_64 ] || { echo 'this is about an x86 processor'; exit 0; }
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ziglang==0.15.1
apt-get download -qq qemu-user-static=1:7.2+dfsg-7+deb12u18+b3 2>/dev/null
dpkg -x qemu-user-static_*.deb .
cat >order.c <<'END'
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
enum { N = 300000 };
static _Alignas(128) atomic_int mine, yours, turn, done;
static int kind, seen[2];
static void await(atomic_int *number, int value)
{
    for (int tries = 0; atomic_load(number) != value; tries++) {
        if (tries > 500)
            sched_yield();
    }
}
static void both(atomic_int *set, atomic_int *read, int *to)
{
    if (kind == 2)
        atomic_exchange(set, 1);
    else
        atomic_store(set, 1);
    if (kind == 1)
        atomic_thread_fence(memory_order_seq_cst);
    *to = atomic_load(read);
}
static void *other(void *unused)
{
    for (int i = 1; i <= N; i++) {
        await(&turn, i);
        both(&yours, &mine, &seen[1]);
        atomic_store(&done, i);
    }
    return unused;
}
static int rounds(void)
{
    pthread_t thread;
    int n = 0;
    atomic_store(&turn, 0);
    pthread_create(&thread, NULL, other, NULL);
    for (int i = 1; i <= N; i++) {
        atomic_store(&mine, 0);
        atomic_store(&yours, 0);
        atomic_store(&turn, i);
        for (volatile int wait = 0; wait < i % 8; wait++)
            ;
        both(&mine, &yours, &seen[0]);
        await(&done, i);
        n += seen[0] == 0 && seen[1] == 0;
    }
    pthread_join(thread, NULL);
    return n;
}
int main(void)
{
    int n[3] = {0};
    for (int pass = 0; pass < 20 && n[0] == 0; pass++)
        n[0] = rounds();
    for (kind = 1; kind < 3; kind++)
        n[kind] = rounds();
    printf("both read 0: store then load %d, with a fence %d, with an exchange %d\n", n[0], n[1], n[2]);
    return !(n[0] > 0 && n[1] == 0 && n[2] == 0);
}
END
venv/bin/python -m ziglang cc -target aarch64-linux-musl -O2 -static order.c -o order
usr/bin/qemu-aarch64-static ./order
