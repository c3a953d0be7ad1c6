#include <stddef.h>
#include <stdint.h>

/* The entrance to libFuzzer where it brings no main of its own (https://llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library"). */
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));
