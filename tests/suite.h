/* Runs the one Check suite of a test program. */
#ifndef RG_TESTS_SUITE_H
#define RG_TESTS_SUITE_H

#include <check.h>

/* One more test case in `suite`. */
static inline TCase *suite_case(Suite *suite, const char *name) {
    TCase *tests = tcase_create(name);

    suite_add_tcase(suite, tests);
    return tests;
}

/* What main returns: 0 when there were tests and all passed. Without fork, so that the leak
 * sanitizer sees what a test leaves behind. */
static inline int suite_run(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    int run;
    int failed;

    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    run = srunner_ntests_run(runner);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return run == 0 || failed != 0;
}

#endif
