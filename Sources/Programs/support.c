// What the compiler expects of a C library, without one: a bump allocator over the fixed linear memory and the four
// byte functions. Nothing is freed: an instance lives for one call.
// Exhaustion traps at the same point on every machine.
#include <stddef.h>
#include <stdint.h>

extern unsigned char __heap_base, __heap_end;
static uintptr_t next;

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (!next) next = (uintptr_t)&__heap_base;
    uintptr_t start = (next + alignment - 1) & ~(uintptr_t)(alignment - 1);
    uintptr_t end = (uintptr_t)&__heap_end;
    if (start < next || start > end || size > end - start) return 12;
    next = start + size;
    *result = (void *)start;
    return 0;
}

void free(void *pointer) { (void)pointer; }

void *memcpy(void *to, const void *from, size_t count) {
    unsigned char *t = to;
    const unsigned char *f = from;
    while (count--) *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, size_t count) {
    unsigned char *t = to;
    const unsigned char *f = from;
    if (t <= f) return memcpy(to, from, count);
    while (count--) t[count] = f[count];
    return to;
}

void *memset(void *to, int value, size_t count) {
    unsigned char *t = to;
    while (count--) *t++ = (unsigned char)value;
    return to;
}

int memcmp(const void *left, const void *right, size_t count) {
    const unsigned char *l = left, *r = right;
    for (; count--; l++, r++)
        if (*l != *r) return *l < *r ? -1 : 1;
    return 0;
}
