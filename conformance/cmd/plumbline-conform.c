/* SPDX-License-Identifier: ISC */
/* plumbline conform: runs conformance suites against stacks. */
#include "conformance/runner/runner.h"

int main(int argc, char **argv)
{
	return conform_main(argc, argv);
}
