#include "cli/near_name.h"

struct ann_span ann_near_name(const struct ann_codebook *book, struct ann_span word)
{
	struct ann_span best = {0};
	size_t least = word.len / 3 + 1;

	for (size_t f = 0; f < ann_codebook_families(book); f++) {
		const struct ann_family *family = ann_codebook_family(book, f);
		const struct ann_code *codes = ann_family_codes(family);

		for (size_t i = 0; i < family->count; i++) {
			unsigned distance = ann_span_distance(word, codes[i].name);

			if (distance < least) {
				least = distance;
				best = codes[i].name;
			}
		}
	}
	return best;
}
