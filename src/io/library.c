#include "io/library.h"

#include <dlfcn.h>

enum ann_err ann_library_load(const char *soname, const struct ann_symbol *symbols,
	size_t count, struct ann_error *err)
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (library == NULL) {
		return ann_error_set(err, ANN_ENOTSUP, "%s", dlerror());
	}
	for (size_t i = 0; i < count; i++) {
		*symbols[i].to = dlsym(library, symbols[i].name);
		if (*symbols[i].to == NULL) {
			return ann_error_set(err, ANN_ENOTSUP, "%s", dlerror());
		}
	}
	return ANN_OK;
}
