#include "CWasmtime.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define CWT_POINTER(result, name, parameters, arguments) \
    static result(*loaded_##name) parameters; \
    result cwt_##name parameters { return loaded_##name arguments; }
CWT_FUNCTIONS(CWT_POINTER)

static const char *fail(const char *what, const char *detail) {
    static char text[512];
    snprintf(text, sizeof text, "%s%s", what, detail ? detail : "");
    return text;
}

const char *cwt_open(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) return fail("", dlerror());
#define CWT_LOAD(result, name, parameters, arguments) \
    if (!(*(void **)&loaded_##name = dlsym(library, #name))) return fail("the library has no function ", #name);
    CWT_FUNCTIONS(CWT_LOAD)
    return NULL;
}

bool cwt_cpu_suffices(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2");
#else
    return true;
#endif
}

int cwt_spawn_close_from(void *actions, int descriptor) {
    return posix_spawn_file_actions_addclosefrom_np(actions, descriptor);
}

int cwt_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int cwt_memory_file(void) { return memfd_create("input", MFD_CLOEXEC); }
