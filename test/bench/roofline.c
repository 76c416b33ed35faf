/* SPDX-License-Identifier: BSD-3-Clause */
/* What this machine can give, and the least time that it leaves a forward pass.
 *
 *     cc -O2 -pthread test/bench/roofline.c -o build/roofline
 *     build/roofline [THREADS [HIDDEN INTER LAYERS]]
 *
 * Measures, on all threads at once: f32 fused multiply-adds in registers by the widest vectors
 * there are, and reading of memory in three sizes. Then, for an encoder of BERT's kin
 * (all-MiniLM-L6-v2 unless told otherwise): the larger of flops / peak and weights / bandwidth, for
 * several numbers of tokens. The bounds are of the best of many short runs, since neighbours of a
 * virtual machine only ever take away; the medians beside them tell how much they took meanwhile.
 * Where multiply-adds keep their rate, and those among as many other operations do not, another
 * thread uses the cores too.
 */
#include <immintrin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_THREAD = 64, RUNS = 40, CHAINS = 12 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- one thread's work, which takes about a millisecond --- */

struct work {
    double (*run)(struct work *); /* flops or bytes done */
    const char *data;
    size_t n_byte;
    pthread_barrier_t *barrier;
    float out;         /* what was computed, so that it is */
    double rate[RUNS]; /* a second */
};

enum { ROUNDS = 100000 };

struct rate {
    double best, median;
};

/* Twelve chains: enough to hide the latency of two units, and few enough to stay in registers. */
#define FMA_CHAINS(vector, set1, fma, store)                                                       \
    vector x[CHAINS], a = set1(0.999f), b = set1(0.001f);                                          \
    for (int i = 0; i < CHAINS; i++)                                                               \
        x[i] = set1((float)i);                                                                     \
    for (int r = 0; r < ROUNDS; r++) {                                                             \
        _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) x[i] = fma(x[i], a, b);          \
    }                                                                                              \
    float lane[16];                                                                                \
    for (int i = 0; i < CHAINS; i++) {                                                             \
        store(lane, x[i]);                                                                         \
        w->out += lane[0];                                                                         \
    }                                                                                              \
    return 2.0 * CHAINS * ROUNDS * (sizeof(vector) / sizeof(float))

__attribute__((target("avx2,fma"))) static double fma_256(struct work *w)
{
    FMA_CHAINS(__m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_storeu_ps);
}

__attribute__((target("avx2,fma"))) static inline __m256 fma_and_other(__m256 x, __m256 a, __m256 b)
{
    __asm__("vfmadd213ps %2, %1, %0\n\tnop" : "+x"(x) : "x"(a), "x"(b));
    return x;
}

__attribute__((target("avx2,fma"))) static double fma_among(struct work *w)
{
    FMA_CHAINS(__m256, _mm256_set1_ps, fma_and_other, _mm256_storeu_ps);
}

__attribute__((target("avx512f"))) static double fma_512(struct work *w)
{
    FMA_CHAINS(__m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_storeu_ps);
}

__attribute__((target("avx2"))) static double read_bytes(struct work *w)
{
    __m256i sum[4] = {0};
    for (size_t i = 0; i + 128 <= w->n_byte; i += 128)
        _Pragma("GCC unroll 4") for (size_t k = 0; k < 4; k++)
        {
            const __m256i *at = (const __m256i *)(w->data + i + 32 * k);
            sum[k] = _mm256_xor_si256(sum[k], _mm256_loadu_si256(at));
        }
    __m256i all =
        _mm256_xor_si256(_mm256_xor_si256(sum[0], sum[1]), _mm256_xor_si256(sum[2], sum[3]));
    w->out += (float)_mm256_extract_epi32(all, 0);
    return (double)w->n_byte;
}

/* --- all threads --- */

static void *thread(void *arg)
{
    struct work *w = arg;
    for (int i = 0; i < RUNS; i++) {
        pthread_barrier_wait(w->barrier);
        double start = now_s(), done = w->run(w);
        w->rate[i] = done / (now_s() - start);
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of the sums of the threads' rates, run by run. Each reads its own part of n_byte. */
static struct rate measure(int n_thread, double (*run)(struct work *), const char *data,
                           size_t n_byte)
{
    pthread_t id[MAX_THREAD];
    static struct work work[MAX_THREAD];
    double sum[RUNS] = {0};
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, (unsigned)n_thread);
    for (int i = 0; i < n_thread; i++) {
        size_t part = n_byte / (size_t)n_thread;
        work[i] = (struct work){
            run, data == NULL ? NULL : data + (size_t)i * part, part, &barrier, 0, {0}};
        if (pthread_create(&id[i], NULL, thread, &work[i]) != 0)
            abort();
    }
    for (int i = 0; i < n_thread; i++) {
        pthread_join(id[i], NULL);
        for (int r = 0; r < RUNS; r++)
            sum[r] += work[i].rate[r];
    }
    pthread_barrier_destroy(&barrier);
    qsort(sum, RUNS, sizeof sum[0], compare);
    return (struct rate){sum[RUNS - 1], sum[RUNS / 2]};
}

int main(int argc, char **argv)
{
    int n_thread = argc > 1 ? atoi(argv[1]) : 1;
    double hidden = argc > 4 ? atof(argv[2]) : 384, inter = argc > 4 ? atof(argv[3]) : 1536;
    double layers = argc > 4 ? atof(argv[4]) : 6;
    enum { MOST = 128 << 20 };
    char *data = aligned_alloc(4096, MOST);
    if (n_thread < 1 || n_thread > MAX_THREAD || data == NULL || !__builtin_cpu_supports("fma")) {
        fprintf(stderr,
                "usage: roofline [THREADS [HIDDEN INTER LAYERS]], on a processor with AVX2\n");
        return 2;
    }
    memset(data, 1, MOST);
    struct rate peak =
        measure(n_thread, __builtin_cpu_supports("avx512f") ? fma_512 : fma_256, NULL, 0);
    struct rate among = measure(n_thread, fma_among, NULL, 0);
    printf("%d threads, best and median: %.0f, %.0f GFLOP/s in f32; of 256 bits, among as many "
           "other operations, %.0f, %.0f;",
           n_thread, peak.best / 1e9, peak.median / 1e9, among.best / 1e9, among.median / 1e9);
    double weights = layers * (4 * hidden * hidden + 2 * hidden * inter);
    static const size_t sizes[] = {256 << 10, 8 << 20, MOST};
    for (int i = 0; i < 3; i++) {
        struct rate rate = measure(n_thread, read_bytes, data, sizes[i]);
        printf(" %.0f, %.0f GB/s of %zu KB,", rate.best / 1e9, rate.median / 1e9, sizes[i] >> 10);
    }
    size_t n_byte = 4 * weights < MOST ? (size_t)(4 * weights) : MOST;
    struct rate bandwidth = measure(n_thread, read_bytes, data, n_byte);
    printf(" %.0f, %.0f GB/s of the %.1f MB of weights\n", bandwidth.best / 1e9,
           bandwidth.median / 1e9, 4 * weights / 1e6);
    static const int tokens[] = {1, 12, 26, 130, 500};
    for (int i = 0; i < 5; i++) {
        double n = tokens[i], flop = 2 * n * weights + 4 * layers * n * n * hidden;
        double compute = flop / peak.best * 1e3, memory = 4 * weights / bandwidth.best * 1e3;
        printf("%4d tokens: %.2f ms for %.2f GFLOP, %.2f ms for the weights: at least %.2f ms\n",
               tokens[i], compute, flop / 1e9, memory, compute > memory ? compute : memory);
    }
    free(data);
    return 0;
}
