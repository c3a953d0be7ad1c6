/* Linked into the programs of `deploy/sanitize address`: the sanitizers' options, see there. */

const char *__asan_default_options(void) {
    return "log_path=" REPORTS ":log_exe_name=1:detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1"
           /* The ordinary 256 MB of freed memory look like a leak to the test that watches how much is taken. */
           ":quarantine_size_mb=4";
}

/* Foundation loses the buffer it has made when it finds a file empty (readBytesFromFile, Swift 6.3); only tests read so. */
const char *__lsan_default_suppressions(void) { return "leak:readBytesFromFile"; }

/* Else it lists at the end what it has left out, and that would count as a report. */
const char *__lsan_default_options(void) { return "print_suppressions=0"; }
