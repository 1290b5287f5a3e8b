#include "kit.h"

#include "annotty/embedded.h"
#include "annotty/table.h"

#include "suite.h"

#include <string.h>

const char *const test_tables[] = {
	"# family: dev\n"
	"0\tDEV_OK\tIt worked.\n"
	"1\tDEV_BUSY\tTry again.\twarning\n"
	"107\tDEV_DECIMAL\tWritten without a prefix.\n"
	"0x107\tDEV_LOST\tThe link is gone.\terror\tCheck the cable.\n"
	"0x107\tDEV_GONE\tThe same by another name.\n"
	"0x11B\tDEV_ISSUER\tWho signed this?\n"
	"0x200\tDEV_READY\tReady for more.\tok\n",
	"# family: net\n"
	"1\tNET_DOWN\tNo link.\n"
	"0x107\tNET_TIMEOUT\tNobody answered.\twarning\n"
	"0x20003\tNET_ROUTE\t\n"
	"0x20004\tNET_CLOSED\tThe peer is done.\tinfo\n",
	"# family: sys\n"
	"263\tSYS_FAULT\tA fault.\n"
	"0x263\tSYS_HEX\tRead as hex.\n"
	"0x20003\tSYS_ROUTE\tAnother one.\n",
	NULL,
};

void test_kit_init(struct test_kit *kit, const char *const *tables, const char *rules)
{
	struct ann_error err = {0};
	char origin[16] = "0.tsv";

	*kit = (struct test_kit){
		.book = ann_codebook_new(),
		.rules = ann_rules_new(),
	};
	ck_assert(kit->book != NULL && kit->rules != NULL);
	for (; *tables != NULL; tables++, origin[0]++) {
		ck_assert_msg(ann_table_add(kit->book, ann_span(*tables), origin,
				      &err) == ANN_OK,
			"%s", err.text);
	}
	ck_assert_int_eq(ann_codebook_index(kit->book), ANN_OK);
	ck_assert_msg(
		ann_rules_add(kit->rules, ann_span(rules), "a.rules", &err) == ANN_OK,
		"%s", err.text);
}

void test_kit_deinit(struct test_kit *kit)
{
	ann_buf_deinit(&kit->out);
	ann_hits_deinit(&kit->hits);
	ann_scan_free(kit->scan);
	ann_matcher_free(kit->matcher);
	ann_rules_free(kit->rules);
	ann_codebook_free(kit->book);
}

void test_kit_compile(struct test_kit *kit, const struct ann_matcher_options *options)
{
	static const struct ann_matcher_options none = {0};
	struct ann_error err = {0};

	ck_assert_msg(ann_matcher_new(&kit->matcher, kit->rules, kit->book,
			      options == NULL ? &none : options, &err) == ANN_OK,
		"%s", err.text);
	kit->scan = ann_scan_new(kit->matcher);
	ck_assert_ptr_nonnull(kit->scan);
}

void test_kit_start(struct test_kit *kit, const char *rules)
{
	test_kit_init(kit, test_tables, rules);
	test_kit_compile(kit, NULL);
}

void test_kit_start_default(struct test_kit *kit)
{
	struct ann_error err = {0};

	*kit = (struct test_kit){
		.book = ann_codebook_new(),
		.rules = ann_rules_new(),
	};
	for (const struct ann_embedded *e = ann_embedded_tables; e->name != NULL; e++) {
		ck_assert_msg(
			ann_table_add(kit->book, e->text, e->name, &err) == ANN_OK,
			"%s", err.text);
	}
	for (const struct ann_embedded *e = ann_embedded_rules; e->name != NULL; e++) {
		ck_assert_msg(
			ann_rules_add(kit->rules, e->text, e->name, &err) == ANN_OK,
			"%s", err.text);
	}
	ck_assert_int_eq(ann_codebook_index(kit->book), ANN_OK);
	test_kit_compile(kit, NULL);
}

void test_kit_scan(struct test_kit *kit, struct ann_span text)
{
	size_t end = 0;
	bool stopped = true;

	ck_assert_int_eq(
		ann_scan_batch(kit->scan, text, &kit->hits, &end, &stopped), ANN_OK);
	ck_assert_uint_eq(end, text.len);
	ck_assert(!stopped);
}

const char *test_kit_annotate(struct test_kit *kit, const char *text)
{
	static const struct ann_render_options options = {.names_only = true};
	const struct ann_batch batch = {.bytes = ann_span(text)};
	struct ann_renderer renderer;

	test_kit_scan(kit, batch.bytes);
	ann_renderer_init(&renderer, &options);
	ann_buf_clear(&kit->out);
	ann_render_batch(&renderer, &batch, kit->hits.at, kit->hits.count, &kit->out);
	ann_buf_char(&kit->out, '\0');
	ck_assert(!kit->out.failed);
	return kit->out.ptr;
}

void test_print_hits(const struct ann_hits *hits, struct ann_buf *out)
{
	for (size_t i = 0; i < hits->count; i++) {
		const struct ann_hit *hit = &hits->at[i];

		ann_buf_printf(out, "%s%zu-%zu %s ", i > 0 ? ", " : "", hit->start,
			hit->end, hit->rule);
		for (unsigned j = 0; j < hit->count; j++) {
			ann_buf_str(out, j > 0 ? "|" : "");
			ann_buf_span(out, hit->codes[j]->name);
		}
	}
}

const char *test_kit_list(struct test_kit *kit, struct ann_span text)
{
	test_kit_scan(kit, text);
	ann_buf_clear(&kit->out);
	test_print_hits(&kit->hits, &kit->out);
	ann_buf_char(&kit->out, '\0');
	return kit->out.ptr;
}

const char *test_kit_refusal(
	struct test_kit *kit, const struct ann_matcher_options *options)
{
	static const struct ann_matcher_options none = {0};
	struct ann_error err = {0};

	ck_assert_int_eq(ann_matcher_new(&kit->matcher, kit->rules, kit->book,
				 options == NULL ? &none : options, &err),
		ANN_ECONFIG);
	ck_assert_int_eq(err.code, ANN_ECONFIG);
	ck_assert_ptr_null(kit->matcher);
	ann_buf_clear(&kit->out);
	ann_buf_str(&kit->out, err.text);
	ann_buf_char(&kit->out, '\0');
	return kit->out.ptr;
}

static bool same_hit(const struct ann_hit *a, const struct ann_hit *b)
{
	return a->line_start == b->line_start && a->line_end == b->line_end &&
	       a->start == b->start && a->end == b->end &&
	       strcmp(a->rule, b->rule) == 0 && a->symbol == b->symbol &&
	       a->count == b->count &&
	       memcmp(a->codes, b->codes, a->count * sizeof(a->codes[0])) == 0;
}

bool test_same_hits(const struct ann_hits *a, const struct ann_hits *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		if (!same_hit(&a->at[i], &b->at[i])) {
			return false;
		}
	}
	return a->count == b->count;
}
